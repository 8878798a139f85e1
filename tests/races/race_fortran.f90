! race_fortran racy|right: two ranks, one of which reads what the other one writes.
program race_fortran
  use mpi, only: mpi_comm_world, mpi_thread_funneled
  use nodespan
  implicit none

  type(c_ptr) :: environment, team, array, data
  integer(c_int) :: rank
  integer(c_int64_t) :: i, strides(1)
  real(c_double), pointer, contiguous :: at(:)
  real(c_double) :: total
  character(len=8) :: wanted
  type(nodespan_array_options) :: options

  call get_command_argument(1, wanted)
  call check(nodespan_environment_create(mpi_thread_funneled, environment))
  call check(nodespan_team_create(mpi_comm_world, 0, team))
  call check(nodespan_team_rank(team, rank))
  call check(nodespan_array_create(team, nodespan_float64, 1, [64_c_int64_t], options, array))
  call check(nodespan_array_node(array, data, strides))
  call c_f_pointer(data, at, [64])
  total = 0
  if (rank == 0) then
    do i = 1, 32
      at(i) = i ! written here
    end do
  end if
  if (wanted /= "racy") call check(nodespan_array_fence(array))
  if (rank == 1) then
    do i = 32, 64
      total = total + at(i) ! read here
    end do
    if (total < 0) print *, total
  end if
  call check(nodespan_array_fence(array))
  call check(nodespan_array_free(array))
  call check(nodespan_team_free(team))
  call check(nodespan_environment_free(environment))

contains

  subroutine check(code)
    integer(c_int), intent(in) :: code
    if (code /= nodespan_success) error stop "race_fortran: a call failed"
  end subroutine
end program
