! An outside program in Fortran: fills an array in place, and sums what all ranks wrote.
program in_fortran
  use mpi
  use nodespan
  implicit none
  type(c_ptr) :: team, numbers
  integer(c_int) :: rank, ranks, code, total
  integer(c_int64_t) :: extent(1), none(1)
  integer(c_int32_t), pointer :: mine(:)
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
  call nodespan_node(numbers, mine, nodespan_my_share)
  mine(rank + 1) = rank + 1
  total = sum(mine)
  call nodespan_all_reduce(team, total)
  if (total /= ranks * (ranks + 1) / 2) error stop "in Fortran: bad total"
  code = nodespan_array_fence(numbers)
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
