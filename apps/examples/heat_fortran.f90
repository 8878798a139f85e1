! Heat flows in a square plate whose rim is kept at zero. Each rank steps whole columns of the field
! that all ranks share, in the node's memory itself; the result is known in closed form.
program heat_fortran
  use mpi, only: mpi_comm_world, mpi_thread_funneled
  use nodespan
  implicit none

  integer(c_int64_t), parameter :: n = 60
  integer, parameter :: steps = 400
  real(c_double), parameter :: r = 0.2_c_double, pi = acos(-1.0_c_double)

  type field ! an array, and all of it that this node stores, by indices of the whole array
    type(c_ptr) :: array
    real(c_double), pointer, contiguous :: at(:, :)
  end type

  type(c_ptr) :: environment, team
  type(field) :: now, next, spare
  integer(c_int) :: rank, ranks, nodes
  integer(c_int64_t) :: lo(2), hi(2), i, j
  integer :: step
  real(c_double) :: middle(n), factor, error

  call check(nodespan_environment_create(mpi_thread_funneled, environment))
  call check(nodespan_team_create(mpi_comm_world, 0, team))
  call check(nodespan_team_rank(team, rank))
  call check(nodespan_team_size(team, ranks))
  call check(nodespan_team_nodes(team, nodes))
  now = new_field()
  next = new_field()
  call check(nodespan_array_rank_box(now%array, lo, hi)) ! mine are lo + 1 : hi

  do j = lo(2) + 1, hi(2)
    do i = lo(1) + 1, hi(1)
      now%at(i, j) = sin(pi * i / (n + 1)) * sin(pi * j / (n + 1))
    end do
  end do
  do step = 1, steps
    call check(nodespan_array_exchange_ghosts(now%array)) ! what neighbours have is there
    do j = lo(2) + 1, hi(2)
      do i = lo(1) + 1, hi(1)
        next%at(i, j) = (1 - 4 * r) * now%at(i, j) + r * (now%at(i - 1, j) + now%at(i + 1, j) &
          + now%at(i, j - 1) + now%at(i, j + 1))
      end do
    end do
    spare = now
    now = next
    next = spare
  end do
  call check(nodespan_array_fence(now%array))

  ! Any rank can have any elements: here a row through the middle, of which every rank owns a part.
  call check(nodespan_array_get(now%array, [n / 2 - 1, 0_c_int64_t], [n / 2, n], middle, n))
  factor = (1 - 4 * r * (1 - cos(pi / (n + 1))))**steps ! by which a step shrinks the first wave
  error = maxval([(abs(middle(j) - factor * sin(pi * (n / 2) / (n + 1)) * sin(pi * j / (n + 1))), &
    j = 1, n)])
  if (error > 1e-13_c_double) error stop "heat_fortran: bad"
  if (rank == 0) print "(a, i0, a, i0, a, f6.4, a, es7.1)", "heat_fortran on ", ranks, " ranks, ", &
    nodes, " nodes: good: ", middle(n / 2), " in the middle, off by ", error

  call check(nodespan_array_free(now%array))
  call check(nodespan_array_free(next%array))
  call check(nodespan_team_free(team))
  call check(nodespan_environment_free(environment))

contains

  ! A field of zeros with one layer of ghosts; outside of the plate these are its rim.
  function new_field() result(made)
    type(field) :: made
    type(nodespan_array_options) :: options
    type(c_ptr) :: elements
    integer(c_int64_t), target :: ghosts(2)
    integer(c_int64_t) :: first(2), last(2), strides(2)
    real(c_double), pointer, contiguous :: stored(:, :)

    ghosts = 1
    options%ghosts = c_loc(ghosts)
    call check(nodespan_array_create(team, nodespan_float64, 2, [n, n], options, made%array))
    call check(nodespan_array_node_box_with_ghosts(made%array, first, last))
    call check(nodespan_array_node_with_ghosts(made%array, elements, strides))
    call c_f_pointer(elements, stored, last - first)
    made%at(first(1) + 1:, first(2) + 1:) => stored
  end function

  subroutine check(code)
    integer(c_int), intent(in) :: code

    if (code == nodespan_success) return
    print "(a)", nodespan_last_error_message()
    error stop 1 ! ends the other ranks as well, which mpirun sees to
  end subroutine

end program
