! An outside program in Fortran: fills an array in place, and sums what all ranks wrote.
program in_fortran
  use mpi
  use nodespan
  implicit none
  type(c_ptr) :: team, numbers, place
  integer(c_int) :: rank, ranks, code
  integer(c_int64_t) :: extent(1), none(1), strides(1)
  integer(c_int32_t), pointer :: mine
  integer(c_int32_t), allocatable :: all(:)

  call mpi_init(code)
  code = nodespan_team_create(mpi_comm_world, 0, team)
  code = code + nodespan_team_rank(team, rank) + nodespan_team_size(team, ranks)
  extent = ranks
  none = 0
  allocate (all(ranks))
  code = code + nodespan_array_create(team, nodespan_int32, 1, extent, &
    nodespan_array_options(), numbers)
  if (code /= 0) error stop "in Fortran: bad"
  code = nodespan_array_local(numbers, place, strides)
  call c_f_pointer(place, mine)
  mine = rank + 1
  code = code + nodespan_array_fence(numbers)
  code = code + nodespan_array_get(numbers, none, extent, all, extent(1))
  if (code /= 0 .or. sum(all) /= ranks * (ranks + 1) / 2) error stop "in Fortran: bad"
  code = nodespan_array_get(numbers, none, extent, all, 0_c_int64_t)
  if (code /= nodespan_error_size_mismatch) error stop "in Fortran: bad code"
  if (index(nodespan_last_error_message(), "nodespan: array<int,1,column_major>::get(") /= 1) &
    error stop "in Fortran: bad message"
  code = nodespan_array_free(numbers) + nodespan_team_free(team)
  if (rank == 0) print "(a, i0, a)", "in Fortran, ", ranks, " ranks: good"
  call mpi_finalize(code)
end program
