! Heat flows in a square plate whose rim is kept at zero. Each rank steps whole columns of the field
! that all ranks share, in the node's memory itself; the result is known in closed form.
program heat_fortran
  use mpi, only: mpi_comm_world, mpi_thread_funneled
  use nodespan
  implicit none

  integer(c_int64_t), parameter :: n = 60
  integer, parameter :: steps = 400
  real(c_double), parameter :: r = 0.2_c_double, pi = acos(-1.0_c_double)

  type(c_ptr) :: environment, team, fields(2)
  type(nodespan_array_options) :: options
  integer(c_int64_t), target :: ghosts(2) = 1
  real(c_double), pointer, contiguous :: now(:, :), next(:, :), spare(:, :)
  real(c_double) :: error
  integer(c_int) :: rank, step, k
  integer(c_int64_t) :: lo(2), hi(2), i, j

  call nodespan_check(nodespan_environment_create(mpi_thread_funneled, environment))
  call nodespan_check(nodespan_team_create(mpi_comm_world, 0, team))
  call nodespan_check(nodespan_team_rank(team, rank))
  options%ghosts = c_loc(ghosts) ! zeros outside of the plate: its rim
  do k = 1, 2
    call nodespan_check(nodespan_array_create(team, nodespan_float64, 2, [n, n], options, &
      fields(k)))
  end do
  call nodespan_node(fields(1), now, nodespan_with_ghosts) ! now(i, j) is that element of the plate
  call nodespan_node(fields(2), next, nodespan_with_ghosts)
  call nodespan_check(nodespan_array_rank_box(fields(1), lo, hi)) ! mine are lo + 1 : hi

  do j = lo(2) + 1, hi(2)
    do i = lo(1) + 1, hi(1)
      now(i, j) = wave(i, j)
    end do
  end do
  do step = 1, steps
    call nodespan_check(nodespan_array_exchange_ghosts(fields(2 - mod(step, 2))))
    do j = lo(2) + 1, hi(2)
      do i = lo(1) + 1, hi(1)
        next(i, j) = (1 - 4 * r) * now(i, j) &
          + r * (now(i - 1, j) + now(i + 1, j) + now(i, j - 1) + now(i, j + 1))
      end do
    end do
    spare => now
    now => next
    next => spare
  end do

  error = 0
  do j = lo(2) + 1, hi(2)
    do i = lo(1) + 1, hi(1) ! a step shrinks the first wave by this factor
      error = max(error, &
        abs(now(i, j) - wave(i, j) * (1 - 4 * r * (1 - cos(pi / (n + 1))))**steps))
    end do
  end do
  call nodespan_all_reduce(team, error, nodespan_max)
  if (error > 1e-13_c_double) error stop "heat_fortran: bad"
  if (rank == 0) print "(a, es7.1)", "heat_fortran: good: off by ", error

  do k = 1, 2
    call nodespan_check(nodespan_array_free(fields(k))) ! now and next must not be used any more
  end do
  call nodespan_check(nodespan_team_free(team))
  call nodespan_check(nodespan_environment_free(environment))

contains

  real(c_double) function wave(i, j)
    integer(c_int64_t), intent(in) :: i, j

    wave = sin(pi * i / (n + 1)) * sin(pi * j / (n + 1))
  end function

end program
