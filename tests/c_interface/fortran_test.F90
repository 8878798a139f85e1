! What the module adds to the C interface, and that its declarations fit the library: pointers to
! the node's memory, stat and errmsg, generic collective calls, work in callbacks, files. Its
! argument is what its files are called, without the ending; or "stops".
module fortran_test_work
  use nodespan
  implicit none
contains
  ! Counts the indices 1 to 20 in the array of the context; fails at index 90.
  integer(c_int) function count_one(lo, hi, context) bind(c)
    integer(c_int64_t), value :: lo, hi
    type(c_ptr), value :: context
    type(c_ptr), pointer :: counts
    integer(c_int64_t), target :: one
    integer(c_int64_t) :: i

    call c_f_pointer(context, counts)
    one = 1
    count_one = 0
    do i = lo + 1, hi ! counted from 1
      if (i == 90) count_one = 5
      if (i <= 20) count_one = count_one + nodespan_array_fetch_add(counts, [i - 1], c_loc(one), &
        c_null_ptr)
    end do
  end function
end module

program fortran_test
  use mpi, only: mpi_comm_world, mpi_thread_funneled
  use nodespan
  use fortran_test_work
  implicit none

  integer, parameter :: i8 = c_int64_t
  type(c_ptr) :: environment, team
  integer(c_int) :: rank, ranks, nodes
  integer(c_int) :: failures = 0
  character(1000) :: name

  call get_command_argument(1, name)
  call nodespan_check(nodespan_environment_create(mpi_thread_funneled, environment))
  call nodespan_check(nodespan_team_create(mpi_comm_world, 0, team))
  call nodespan_check(nodespan_team_rank(team, rank))
  call nodespan_check(nodespan_team_size(team, ranks))
  call nodespan_check(nodespan_team_nodes(team, nodes))

  if (name == "stops") call an_error_without_stat_ends_the_program
  call pointers_have_the_bounds_of_what_the_node_holds
  call pointers_to_ghosts_and_to_shares_show_the_same_elements
  call every_rank_and_type_has_a_pointer
  call what_does_not_fit_is_told_by_stat_and_errmsg
  call collective_calls_take_numbers_and_arrays
  call work_is_done_in_a_procedure
  call blocks_are_dealt_to_nodes
  call a_table_is_the_same_on_all_nodes
  call queues_and_rings_hand_over
  call files_come_back

  call nodespan_all_reduce(team, failures)
  if (rank == 0) print "(2a)", "fortran_test: ", trim(merge("good", "bad ", failures == 0))
  call nodespan_check(nodespan_team_free(team))
  call nodespan_check(nodespan_environment_free(environment))
  if (failures /= 0) stop 1, quiet=.true.

contains

  subroutine expect(good, what)
    logical, intent(in) :: good
    character(*), intent(in) :: what

    if (good) return
    failures = failures + 1
    print "(a, i0, 5a)", "rank ", rank, ": not so: ", what, " (last error: """, &
      nodespan_last_error_message(), """)"
  end subroutine

  subroutine an_error_without_stat_ends_the_program()
    real(c_float), pointer :: x(:, :)
    character(10) :: errmsg

    print "(a)", "before"
    call nodespan_node(new_field(1, 0_i8), x, errmsg=errmsg)
    print "(a)", "after"
  end subroutine

  ! An array of (12, 7) doubles with one layer of ghosts or none, cut along this dimension.
  function new_field(dimension, width) result(field)
    integer, intent(in) :: dimension
    integer(c_int64_t), intent(in) :: width
    type(c_ptr) :: field
    type(nodespan_array_options) :: options
    integer(c_int), target :: grid(2)
    integer(c_int64_t), target :: ghosts(2)

    grid = 1
    grid(dimension) = 0
    ghosts = width
    options%node_grid = c_loc(grid)
    options%rank_grid = c_loc(grid)
    options%ghosts = c_loc(ghosts)
    call nodespan_check(nodespan_array_create(team, nodespan_float64, 2, [12_i8, 7_i8], options, &
      field))
  end function

  ! Writes 100 i + j to my elements (i, j).
  subroutine number_elements(field, x)
    type(c_ptr), intent(in) :: field
    real(c_double), pointer, intent(in) :: x(:, :)
    integer(c_int64_t) :: lo(2), hi(2), i, j

    call nodespan_check(nodespan_array_rank_box(field, lo, hi))
    do j = lo(2) + 1, hi(2)
      do i = lo(1) + 1, hi(1)
        x(i, j) = 100 * i + j
      end do
    end do
    call nodespan_check(nodespan_array_fence(field))
  end subroutine

  subroutine pointers_have_the_bounds_of_what_the_node_holds()
    type(c_ptr) :: field
    real(c_double), pointer, contiguous :: x(:, :)
    integer(c_int64_t) :: lo(2), hi(2)
    integer :: i, j, dimension
    real(c_double) :: whole(12, 7)

    do dimension = 1, 2
      field = new_field(dimension, 0_i8)
      call nodespan_node(field, x)

      call nodespan_check(nodespan_array_node_box(field, lo, hi))
      call expect(all(shape(x) == hi - lo), "the shape")
      if (size(x) > 0) &
        call expect(all(lbound(x) == lo + 1) .and. all(ubound(x) == hi), "the bounds")
      call number_elements(field, x)
      call nodespan_check(nodespan_array_get(field, [0_i8, 0_i8], [12_i8, 7_i8], whole, 84_i8))
      do j = 1, 7
        do i = 1, 12
          call expect(whole(i, j) == 100 * i + j, "each element is where its indices say")
        end do
      end do
      call nodespan_check(nodespan_array_argmax(field, hi))
      call expect(all(hi == [11_i8, 6_i8]), "the place of the largest element")
      call nodespan_check(nodespan_array_fence(field))
      call nodespan_check(nodespan_array_free(field))
    end do
  end subroutine

  subroutine pointers_to_ghosts_and_to_shares_show_the_same_elements()
    type(c_ptr) :: field
    real(c_double), pointer :: x(:, :), mine(:, :), all_stored(:, :)
    integer(c_int64_t) :: lo(2), hi(2), own_lo(2), own_hi(2)
    integer :: i, j, dimension

    do dimension = 1, 2
      field = new_field(dimension, 1_i8)
      call nodespan_node(field, x)
      call nodespan_node(field, mine, nodespan_my_share)
      call nodespan_node(field, all_stored, part=nodespan_with_ghosts)
      call number_elements(field, x)
      call nodespan_check(nodespan_array_exchange_ghosts(field))

      call nodespan_check(nodespan_array_rank_box(field, own_lo, own_hi))
      call nodespan_check(nodespan_array_node_box_with_ghosts(field, lo, hi))
      call expect(all(shape(mine) == own_hi - own_lo), "the shape of my share")
      call expect(all(shape(all_stored) == hi - lo), "the shape with ghosts")
      if (size(mine) > 0) &
        call expect(all(lbound(mine) == own_lo + 1) .and. all(ubound(mine) == own_hi), "my bounds")
      call expect(is_contiguous(all_stored), "no gaps")
      do j = int(lo(2)) + 1, int(hi(2))
        do i = int(lo(1)) + 1, int(hi(1))
          if (i < 1 .or. i > 12 .or. j < 1 .or. j > 7) cycle
          call expect(all_stored(i, j) == 100 * i + j, "each element or ghost")
        end do
      end do
      do j = lbound(mine, 2), ubound(mine, 2)
        do i = lbound(mine, 1), ubound(mine, 1)
          call expect(mine(i, j) == 100 * i + j, "each element of mine")
        end do
      end do
      call nodespan_check(nodespan_array_fence(field))
      mine = -1 ! a whole-array assignment writes my elements, and no others
      call nodespan_check(nodespan_array_fence(field))
      call expect(all(x == -1), "all elements are written")
      call nodespan_check(nodespan_array_fence(field))
      call nodespan_check(nodespan_array_free(field))
    end do
  end subroutine

  ! An array of this type and of extents 3, 3, ... , 2 * ranks.
  function new_array(type, dimensions) result(array)
    integer(c_int), intent(in) :: type, dimensions
    type(c_ptr) :: array
    integer(c_int64_t) :: extents(6)

    extents = 3
    extents(dimensions) = 2 * ranks
    call nodespan_check(nodespan_array_create(team, type, dimensions, extents, &
      nodespan_array_options(), array))
  end function

  subroutine every_rank_and_type_has_a_pointer()
    type(c_ptr) :: arrays(10)
    logical(c_bool), pointer :: x1(:)
    integer(c_int8_t), pointer :: x2(:, :)
    integer(c_int16_t), pointer :: x3(:, :, :)
    integer(c_int32_t), pointer :: x4(:, :, :, :)
    integer(c_int64_t), pointer :: x5(:, :, :, :, :)
    real(c_float), pointer :: x6(:, :, :, :, :, :)
    real(c_double), pointer :: y3(:, :, :)
    complex(c_float_complex), pointer :: y2(:, :)
    complex(c_double_complex), pointer :: y1(:)
    integer(c_int32_t), pointer :: unsigned(:)
    integer(c_int64_t) :: lo(6), hi(6)
    integer :: k, kinds(10), dimensions(10)

    kinds = [nodespan_bool, nodespan_int8, nodespan_int16, nodespan_int32, nodespan_int64, &
      nodespan_float32, nodespan_float64, nodespan_complex64, nodespan_complex128, nodespan_uint32]
    dimensions = [1, 2, 3, 4, 5, 6, 3, 2, 1, 1]
    do k = 1, 10
      arrays(k) = new_array(kinds(k), dimensions(k))
    end do

    call nodespan_node(arrays(1), x1, nodespan_my_share)
    call nodespan_node(arrays(2), x2, nodespan_my_share)
    call nodespan_node(arrays(3), x3, nodespan_my_share)
    call nodespan_node(arrays(4), x4, nodespan_my_share)
    call nodespan_node(arrays(5), x5, nodespan_my_share)
    call nodespan_node(arrays(6), x6, nodespan_my_share)
    call nodespan_node(arrays(7), y3, nodespan_my_share)
    call nodespan_node(arrays(8), y2, nodespan_my_share)
    call nodespan_node(arrays(9), y1, nodespan_my_share)
    call nodespan_node(arrays(10), unsigned, nodespan_my_share)

    call nodespan_check(nodespan_array_rank_box(arrays(6), lo, hi))
    call expect(all(lbound(x6) == lo + 1) .and. all(ubound(x6) == hi), "the bounds of rank 6")
    call expect(size(x1) == 2 .and. size(x2) == 6 .and. size(x3) == 18 .and. size(x4) == 54 .and. &
      size(x5) == 162 .and. size(x6) == 486 .and. size(y3) == 18 .and. size(y2) == 6, "the sizes")
    call expect(lbound(x4, 4) == 2 * rank + 1 .and. lbound(x5, 5) == 2 * rank + 1, "the last bound")
    call expect(lbound(y1, 1) == 2 * rank + 1 .and. lbound(unsigned, 1) == 2 * rank + 1, "rank 1")
    x1 = .true._c_bool
    x2 = 2_c_int8_t
    x3 = 3_c_int16_t
    x4 = 4
    x5 = 5
    x6 = 6
    y3 = 7
    y2 = (8, -8)
    y1 = (9, -9)
    unsigned = -1
    do k = 1, 10
      call nodespan_check(nodespan_array_fence(arrays(k)))
    end do
    call expect(last_element(arrays(6), 6) == 6, "a real of rank 6")
    do k = 1, 10
      call nodespan_check(nodespan_array_free(arrays(k)))
    end do
  end subroutine

  ! The last element, which belongs to the last rank.
  real(c_float) function last_element(array, dimensions)
    type(c_ptr), intent(in) :: array
    integer, intent(in) :: dimensions
    integer(c_int64_t) :: hi(6)
    real(c_float) :: found(1)

    call nodespan_check(nodespan_array_extents(array, hi))
    call nodespan_check(nodespan_array_get(array, hi(:dimensions) - 1, hi(:dimensions), found, &
      1_i8))
    last_element = found(1)
    call nodespan_check(nodespan_array_fence(array))
  end function

  subroutine what_does_not_fit_is_told_by_stat_and_errmsg()
    type(c_ptr) :: field, rows
    type(nodespan_array_options) :: options
    real(c_double), pointer :: x(:, :), line(:)
    real(c_float), pointer :: other(:, :)
    integer(c_int) :: stat
    character(200) :: errmsg
    character(20) :: short

    field = new_field(2, 0_i8)
    options%order = nodespan_row_major
    call nodespan_check(nodespan_array_create(team, nodespan_float64, 2, [4_i8, 4_i8], options, &
      rows))

    errmsg = "as it was"
    call nodespan_node(field, x, stat=stat, errmsg=errmsg)
    call expect(stat == 0 .and. errmsg == "as it was", "stat and errmsg of success")
    call nodespan_node(field, other, stat=stat, errmsg=errmsg)
    call expect(stat == nodespan_error_invalid_argument, "another type")
    call expect(index(errmsg, "nodespan: nodespan_node: a Fortran array of float32 and rank 2 " // &
      "cannot be elements of float64 in 2 dimensions") == 1, "the types in the message")
    call expect(.not. associated(other), "no pointer after an error")
    call nodespan_node(field, line, stat=stat, errmsg=short)
    call expect(stat == nodespan_error_invalid_argument .and. short == "nodespan: nodespan_n", &
      "another rank, and a short text")
    call nodespan_node(rows, x, stat=stat, errmsg=errmsg)
    call expect(stat == nodespan_error_invalid_argument .and. index(errmsg, "row-major") > 0, &
      "an array in C's order")
    call expect(.not. associated(x), "a pointer is ended by an error")
    call nodespan_node(field, x, 7, stat)
    call expect(stat == nodespan_error_invalid_argument, "no such part")
    call nodespan_node(team, x, stat=stat, errmsg=errmsg)
    call expect(index(errmsg, "the handle of a team, not of an array") > 0, "the handle of a team")
    call nodespan_check(nodespan_array_free(rows))
    call nodespan_node(rows, x, stat=stat)
    call expect(stat == nodespan_error_invalid_argument, "an array that is freed")
    call nodespan_check(nodespan_array_lock(field, 99), stat, errmsg)
    call expect(stat == nodespan_error_out_of_range .and. index(errmsg, "nodespan: ") == 1, &
      "the code of any call")
    call nodespan_check(nodespan_array_free(field))
  end subroutine

  subroutine collective_calls_take_numbers_and_arrays()
    integer(c_int8_t) :: tiny
    integer(c_int64_t) :: grid(3, 2)
    real(c_double) :: x, strided(10)
    real(c_float) :: largest
    complex(c_double_complex) :: wave
    logical(c_bool) :: flag
    integer(c_int) :: stat
    character(200) :: errmsg

    tiny = 1
    grid = rank
    x = rank + 1
    strided = 1
    largest = real(rank, c_float)
    wave = cmplx(1, rank, c_double_complex)
    flag = logical(rank == ranks - 1, c_bool)

    call nodespan_all_reduce(team, tiny)
    call nodespan_all_reduce(team, grid)
    call nodespan_all_reduce(team, x, nodespan_prod)
    call nodespan_all_reduce(team, strided(::3))
    call nodespan_reduce(team, largest, nodespan_max, root=ranks - 1)
    call nodespan_all_reduce(team, wave)
    call nodespan_broadcast(team, flag, ranks - 1)

    call expect(tiny == ranks .and. all(grid == ranks * (ranks - 1) / 2), "sums")
    call expect(x == gamma(real(ranks + 1, c_double)), "a product")
    call expect(all(strided(::3) == ranks) .and. all(strided(2::3) == 1), "every third element")
    call expect(largest == merge(ranks - 1, rank, rank == ranks - 1), "the largest, at its root")
    call expect(wave == cmplx(ranks, ranks * (ranks - 1) / 2, c_double_complex), "complex numbers")
    call expect(logical(flag), "a truth")
    call nodespan_all_reduce(team, wave, nodespan_min, stat, errmsg)
    call expect(stat == nodespan_error_invalid_argument .and. &
      index(errmsg, "no such operation") > 0, "no smallest complex number")
    call nodespan_broadcast(team, x, 99, stat)
    call expect(stat == nodespan_error_out_of_range, "no such root")
  end subroutine

  subroutine work_is_done_in_a_procedure()
    type(c_ptr), target :: counts
    type(c_ptr) :: tickets
    integer(c_int64_t), pointer :: x(:)
    integer(c_int64_t) :: done(20), first
    integer(c_int) :: stat, seen
    character(200) :: errmsg

    call nodespan_check(nodespan_array_create(team, nodespan_int64, 1, [20_i8], &
      nodespan_array_options(), counts))
    call nodespan_check(nodespan_team_work_share(team, 0_i8, 20_i8, 3_i8, count_one, &
      c_loc(counts)))
    call nodespan_check(nodespan_array_get(counts, [0_i8], [20_i8], done, 20_i8))
    call expect(all(done == 1), "each index once")
    call nodespan_check(nodespan_array_fence(counts))
    call nodespan_check(nodespan_team_work_share(team, 80_i8, 95_i8, 1_i8, count_one, &
      c_loc(counts)), stat, errmsg)
    seen = merge(1, 0, stat == nodespan_error_other)
    if (seen == 1) call expect(index(errmsg, "work(89, 90) returned 5") > 0, "its number")
    if (seen == 0) call expect(stat == nodespan_error_peer_lost, "the others are told")
    call nodespan_all_reduce(team, seen)
    call expect(seen == 1, "one rank has failed")

    call nodespan_node(counts, x, nodespan_my_share)
    x = 0
    call nodespan_check(nodespan_array_fence(counts))
    call nodespan_check(nodespan_array_scatter_add(counts, [4_i8, 7_i8], 2_i8, [10_i8, 1_i8]))
    call nodespan_check(nodespan_array_fence(counts))
    call nodespan_check(nodespan_array_gather(counts, [7_i8, 4_i8, 5_i8], 3_i8, done))
    call expect(done(1) == ranks .and. done(2) == 10 * ranks .and. done(3) == 0, "lists of places")
    call nodespan_check(nodespan_array_scatter_add_all(counts, [4_i8, 5_i8], 2_i8, [1_i8, 2_i8]))
    call nodespan_check(nodespan_array_gather_all(counts, [4_i8, 5_i8], 2_i8, done))
    call expect(done(1) == 11 * ranks .and. done(2) == 2 * ranks, "lists of all ranks")
    call nodespan_check(nodespan_array_fence(counts))
    call nodespan_check(nodespan_array_free(counts))

    call nodespan_check(nodespan_counter_create(team, 7_i8, 1_i8, tickets))
    call nodespan_check(nodespan_counter_next(tickets, 1_i8, first))
    call nodespan_all_reduce(team, first)
    call expect(first == 7 * ranks + ranks * (ranks - 1) / 2, "a ticket each")
    call nodespan_check(nodespan_counter_free(tickets))
  end subroutine

  subroutine blocks_are_dealt_to_nodes()
    type(c_ptr) :: matrix, data
    type(nodespan_array_options) :: options
    integer(c_int64_t), target :: block(2)
    integer(c_int), target :: grid(2)
    integer(c_int) :: descriptor(9), found(2), stat, nodes
    integer(c_int64_t) :: place(2), at(2), own(2)

    call nodespan_check(nodespan_team_nodes(team, nodes))
    block = [2, 4]
    grid = [1, nodes]
    options%block = c_loc(block)
    options%node_grid = c_loc(grid)
    call nodespan_check(nodespan_array_create(team, nodespan_float64, 2, [9_i8, 10_i8], options, &
      matrix))
    call nodespan_check(nodespan_array_node_place(matrix, [3_i8, 1_i8], place))
    call expect(all(place == [3, 1]), "the first block is the first node's")
    call nodespan_check(nodespan_array_local_extents(matrix, own))
    if (all(own > 0)) then
      call nodespan_check(nodespan_array_local_index(matrix, [0_i8, 0_i8], at))
      call expect(at(1) == 0 .or. at(2) > 0 .or. ranks > nodes, "my first element")
    end if
    stat = nodespan_array_scalapack(matrix, 5, descriptor, found, data)
    if (ranks == nodes) then
      call expect(stat == 0 .and. all(descriptor == [1, 5, 9, 10, 2, 4, 0, 0, 9]) .and. &
        all(found == grid), "ScaLAPACK's descriptor")
    else
      call expect(stat == nodespan_error_invalid_argument, "one rank a node")
    end if
    call nodespan_check(nodespan_array_redistribute(matrix, c_null_ptr, c_null_ptr, c_null_ptr))
    call nodespan_check(nodespan_array_free(matrix))
  end subroutine

  subroutine a_table_is_the_same_on_all_nodes()
    type(c_ptr) :: table
    real(c_double), pointer, contiguous :: x(:, :)
    integer(c_int) :: stat

    call nodespan_check(nodespan_replicated_create(team, nodespan_float64, 2, [2_i8, 3_i8], table))
    call nodespan_node(table, x)
    call expect(all(shape(x) == [2, 3]) .and. all(x == 0), "zeros")
    call nodespan_check(nodespan_team_fence(team))
    call nodespan_check(nodespan_replicated_load(table, [1d0, 2d0, 3d0, 4d0, 5d0, 6d0], 6_i8, &
      ranks - 1))
    call expect(x(2, 1) == 2 .and. x(1, 3) == 5, "what the last rank has loaded")
    call nodespan_node(table, x, nodespan_with_ghosts, stat)
    call expect(stat == nodespan_error_invalid_argument, "a table has no ghosts")
    call nodespan_check(nodespan_team_fence(team))
    call nodespan_check(nodespan_replicated_free(table))
  end subroutine

  subroutine queues_and_rings_hand_over()
    type(c_ptr) :: node, queue, ring, place
    integer(c_int) :: number, peer, peers, moved, taken
    integer(c_int) :: item(2)
    integer(c_int64_t) :: sequence
    real(c_float), pointer :: frame(:)

    call nodespan_check(nodespan_team_node(team, number))
    call nodespan_check(nodespan_team_split(team, number, 0, node))
    call nodespan_check(nodespan_team_rank(node, peer))
    call nodespan_check(nodespan_team_size(node, peers))
    call nodespan_check(nodespan_queue_create(node, 8_i8, 8_c_size_t, queue))
    if (peer == 0) then
      call nodespan_check(nodespan_queue_put(queue, [5, -5], moved))
      call expect(moved == 1, "an item is put")
      call nodespan_check(nodespan_queue_close(queue))
    end if
    taken = 0
    do ! whichever rank comes first gets it
      call nodespan_check(nodespan_queue_get(queue, item, moved))
      if (moved == 0) exit
      call expect(all(item == [5, -5]), "an item")
      call nodespan_check(nodespan_queue_task_done(queue))
      taken = taken + 1
    end do
    call nodespan_all_reduce(node, taken)
    call expect(taken == 1, "one rank gets it")
    call nodespan_check(nodespan_queue_free(queue))

    if (peers > 1) then
      call nodespan_check(nodespan_ring_create(node, nodespan_float32, 10_i8, ring=ring))
      if (peer == 0) then
        call nodespan_check(nodespan_ring_reserve(ring, place))
        call c_f_pointer(place, frame, [10])
        frame = 2.5
        call nodespan_check(nodespan_ring_publish(ring))
        call nodespan_check(nodespan_ring_close(ring))
      else
        call nodespan_check(nodespan_ring_next(ring, place, sequence))
        call c_f_pointer(place, frame, [10])
        call expect(sequence == 0 .and. all(frame == 2.5), "a frame")
        call nodespan_check(nodespan_ring_release(ring, sequence))
        call nodespan_check(nodespan_ring_next(ring, place))
        call expect(.not. c_associated(place), "the end of the frames")
      end if
      call nodespan_check(nodespan_team_fence(node))
      call nodespan_check(nodespan_ring_free(ring))
    end if
    call nodespan_check(nodespan_team_free(node))
  end subroutine

  subroutine files_come_back()
    type(c_ptr) :: from, to
    real(c_double), pointer :: x(:, :)
    character(:), allocatable :: file
    integer :: unit, status
    character(20) :: line

    from = new_field(2, 0_i8)
    call nodespan_node(from, x)
    call number_elements(from, x)
    file = trim(name) // ".csv"
    call nodespan_check(nodespan_array_save_csv(from, file // c_null_char))
    call nodespan_check(nodespan_array_open_csv(team, nodespan_float64, 2, file // c_null_char, &
      options=nodespan_array_options(), array=to))
    call expect(all_equal(from, to), "an array from a CSV file")
    call nodespan_check(nodespan_array_free(to))
    if (rank == 0) then ! a line of the file for each column of the array
      open (newunit=unit, file=file, action="read", status="old")
      read (unit, "(a)") line
      call expect(line(:8) == "101,201,", "the first column is the first line")
      close (unit, status="delete", iostat=status)
    end if

    file = trim(name) // ".npy"
    call nodespan_check(nodespan_array_save_npy(from, file // c_null_char))
    call nodespan_check(nodespan_array_open_npy(team, nodespan_float64, 2, file // c_null_char, &
      options=nodespan_array_options(), array=to))
    call expect(all_equal(from, to), "an array from NumPy's file")
    call nodespan_check(nodespan_array_free(to))
    call remove(file)

    file = trim(name) // ".mtx"
    call nodespan_check(nodespan_array_save_mtx(from, file // c_null_char))
    to = new_field(1, 0_i8)
    call nodespan_check(nodespan_array_load_mtx(to, file // c_null_char))
    call expect(all_equal(from, to), "a matrix")
    call nodespan_check(nodespan_array_free(to))
    call remove(file)
#ifdef NODESPAN_HAS_HDF5
    call a_run_is_resumed(from)
#endif
    call nodespan_check(nodespan_array_free(from))
  end subroutine

  subroutine remove(file)
    character(*), intent(in) :: file
    integer :: unit, status

    call nodespan_check(nodespan_team_fence(team))
    if (rank /= 0) return
    open (newunit=unit, file=file, status="old", iostat=status)
    if (status == 0) close (unit, status="delete")
  end subroutine

  ! Whether two arrays of (12, 7) have the same elements.
  logical function all_equal(one, other)
    type(c_ptr), intent(in) :: one, other
    real(c_double) :: a(12, 7), b(12, 7)

    a = 0
    b = 1
    call nodespan_check(nodespan_array_get(one, [0_i8, 0_i8], [12_i8, 7_i8], a, 84_i8))
    call nodespan_check(nodespan_array_get(other, [0_i8, 0_i8], [12_i8, 7_i8], b, 84_i8))
    all_equal = all(a == b)
    call nodespan_check(nodespan_team_fence(team))
  end function

#ifdef NODESPAN_HAS_HDF5
  subroutine a_run_is_resumed(field)
    type(c_ptr), intent(in) :: field
    type(c_ptr) :: checkpoint, same
    real(c_double), pointer :: x(:, :)
    real(c_double), target :: time
    integer(c_int64_t) :: step
    integer :: status

    if (rank == 0) call execute_command_line("rm -rf '" // trim(name) // ".run'", exitstat=status)
    call nodespan_check(nodespan_team_fence(team))
    time = 2.5
    call nodespan_check(nodespan_checkpoint_create(team, trim(name) // ".run" // c_null_char, &
      checkpoint=checkpoint))
    call nodespan_check(nodespan_checkpoint_add_array(checkpoint, "field" // c_null_char, field))
    call nodespan_check(nodespan_checkpoint_add_value(checkpoint, "time" // c_null_char, &
      nodespan_float64, c_loc(time)))
    call nodespan_check(nodespan_checkpoint_restore(checkpoint, step))
    call expect(step == -1, "nothing to restore")
    call nodespan_check(nodespan_checkpoint_write(checkpoint, 40_i8))
    call nodespan_check(nodespan_array_open_hdf5(team, nodespan_float64, 2, trim(name) // &
      ".run/step-000000000040.h5" // c_null_char, "field" // c_null_char, &
      nodespan_array_options(), same))
    call expect(all_equal(field, same), "the checkpoint is an HDF5 file")
    call nodespan_check(nodespan_array_free(same))
    call nodespan_node(field, x, nodespan_my_share)
    x = 0
    time = 0
    call nodespan_check(nodespan_checkpoint_restore(checkpoint, step))
    call expect(step == 40 .and. time == 2.5, "step and time are back")
    if (size(x) > 0) call expect(all(x(:, ubound(x, 2)) > 0), "and the array")
    call nodespan_check(nodespan_checkpoint_free(checkpoint))
    call nodespan_check(nodespan_team_fence(team))
    if (rank == 0) call execute_command_line("rm -rf '" // trim(name) // ".run'", exitstat=status)
  end subroutine
#endif

end program
