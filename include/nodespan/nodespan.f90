! nodespan for Fortran: the C interface under the same names; nodespan/nodespan.h describes the
! calls. Compile this source together with the program, since a compiled module fits one compiler
! only.
!
! Handles are type(c_ptr), results are arguments, every function returns nodespan_success or an
! error code. Boxes [lo, hi) are those of C: their elements are lo(d) + 1 to hi(d), counted from 1.
! Buffers are contiguous arrays of any type. Texts end with c_null_char: trim(file) // c_null_char.
module nodespan
  use, intrinsic :: iso_c_binding
  implicit none

  enum, bind(c) ! the codes that calls return
    enumerator :: nodespan_success = 0
    enumerator :: nodespan_error_invalid_argument, nodespan_error_mismatched_arguments
    enumerator :: nodespan_error_out_of_range, nodespan_error_size_mismatch
    enumerator :: nodespan_error_not_on_node, nodespan_error_no_capacity
    enumerator :: nodespan_error_not_initialized, nodespan_error_finalized
    enumerator :: nodespan_error_peer_lost, nodespan_error_io, nodespan_error_wrong_thread, &
    nodespan_error_unsupported, nodespan_error_device
    enumerator :: nodespan_error_mpi = 100, nodespan_error_no_memory, nodespan_error_other
  end enum

  enum, bind(c) ! the types of elements
    enumerator :: nodespan_bool = 0, nodespan_int8, nodespan_int16, nodespan_int32, nodespan_int64
    enumerator :: nodespan_uint8, nodespan_uint16, nodespan_uint32, nodespan_uint64
    enumerator :: nodespan_float32, nodespan_float64, nodespan_complex64, nodespan_complex128
  end enum

  enum, bind(c)
    enumerator :: nodespan_row_major = 0, nodespan_column_major
  end enum

  enum, bind(c)
    enumerator :: nodespan_sum = 0, nodespan_min, nodespan_max, nodespan_prod, nodespan_replace
    enumerator :: nodespan_fmin, nodespan_fmax
  end enum

  enum, bind(c)
    enumerator :: nodespan_replace_file = 0, nodespan_add, nodespan_overwrite
  end enum

  ! How an array is made: in Fortran's order, unless the program says otherwise. A list is c_loc of
  ! an array with an entry for each dimension.
  type, bind(c) :: nodespan_array_options
    integer(c_int) :: order = nodespan_column_major
    integer(c_int) :: unspecified = 0
    type(c_ptr) :: name = c_null_ptr
    type(c_ptr) :: node_grid = c_null_ptr ! integer(c_int)
    type(c_ptr) :: rank_grid = c_null_ptr ! integer(c_int)
    type(c_ptr) :: ghosts = c_null_ptr    ! integer(c_int64_t)
    type(c_ptr) :: periodic = c_null_ptr  ! integer(c_int)
  end type

  interface ! of MPI, and of teams
    integer(c_int) function nodespan_last_error_is_collective() bind(c)
      import
    end function
    integer(c_int) function nodespan_environment_create(thread_level, environment) bind(c)
      import
      integer(c_int), value :: thread_level
      type(c_ptr), intent(out) :: environment
    end function
    integer(c_int) function nodespan_environment_free(environment) bind(c)
      import
      type(c_ptr), intent(inout) :: environment
    end function
    ! `comm` is a handle of `use mpi`, or the %mpi_val of one of `use mpi_f08`.
    integer(c_int) function nodespan_team_create(comm, ranks_per_node, team) &
        bind(c, name="nodespan_team_create_f")
      import
      integer(c_int), value :: comm, ranks_per_node
      type(c_ptr), intent(out) :: team
    end function
    integer(c_int) function nodespan_team_free(team) bind(c)
      import
      type(c_ptr), intent(inout) :: team
    end function
    integer(c_int) function nodespan_team_rank(team, rank) bind(c)
      import
      type(c_ptr), value :: team
      integer(c_int), intent(out) :: rank
    end function
    integer(c_int) function nodespan_team_size(team, size) bind(c)
      import
      type(c_ptr), value :: team
      integer(c_int), intent(out) :: size
    end function
    integer(c_int) function nodespan_team_node(team, node) bind(c)
      import
      type(c_ptr), value :: team
      integer(c_int), intent(out) :: node
    end function
    integer(c_int) function nodespan_team_nodes(team, nodes) bind(c)
      import
      type(c_ptr), value :: team
      integer(c_int), intent(out) :: nodes
    end function
    integer(c_int) function nodespan_team_node_rank(team, node_rank) bind(c)
      import
      type(c_ptr), value :: team
      integer(c_int), intent(out) :: node_rank
    end function
    integer(c_int) function nodespan_team_node_size(team, node_size) bind(c)
      import
      type(c_ptr), value :: team
      integer(c_int), intent(out) :: node_size
    end function
    integer(c_int) function nodespan_team_fence(team) bind(c)
      import
      type(c_ptr), value :: team
    end function
  end interface

  interface ! of arrays: where elements are
    integer(c_int) function nodespan_array_create(team, type, dimensions, extents, options, array) &
        bind(c)
      import
      type(c_ptr), value :: team
      integer(c_int), value :: type, dimensions
      integer(c_int64_t), intent(in) :: extents(*)
      type(nodespan_array_options), intent(in) :: options
      type(c_ptr), intent(out) :: array
    end function
    integer(c_int) function nodespan_array_free(array) bind(c)
      import
      type(c_ptr), intent(inout) :: array
    end function
    integer(c_int) function nodespan_array_extents(array, extents) bind(c)
      import
      type(c_ptr), value :: array
      integer(c_int64_t), intent(inout) :: extents(*)
    end function
    integer(c_int) function nodespan_array_rank_box(array, lo, hi) bind(c)
      import
      type(c_ptr), value :: array
      integer(c_int64_t), intent(inout) :: lo(*), hi(*)
    end function
    integer(c_int) function nodespan_array_node_box(array, lo, hi) bind(c)
      import
      type(c_ptr), value :: array
      integer(c_int64_t), intent(inout) :: lo(*), hi(*)
    end function
    integer(c_int) function nodespan_array_node_box_with_ghosts(array, lo, hi) bind(c)
      import
      type(c_ptr), value :: array
      integer(c_int64_t), intent(inout) :: lo(*), hi(*)
    end function
    integer(c_int) function nodespan_array_local(array, data, strides) bind(c)
      import
      type(c_ptr), value :: array
      type(c_ptr), intent(out) :: data
      integer(c_int64_t), intent(inout) :: strides(*)
    end function
    integer(c_int) function nodespan_array_node(array, data, strides) bind(c)
      import
      type(c_ptr), value :: array
      type(c_ptr), intent(out) :: data
      integer(c_int64_t), intent(inout) :: strides(*)
    end function
    integer(c_int) function nodespan_array_node_with_ghosts(array, data, strides) bind(c)
      import
      type(c_ptr), value :: array
      type(c_ptr), intent(out) :: data
      integer(c_int64_t), intent(inout) :: strides(*)
    end function
  end interface

  interface ! of arrays: epochs, locks
    integer(c_int) function nodespan_array_fence(array) bind(c)
      import
      type(c_ptr), value :: array
    end function
    integer(c_int) function nodespan_array_node_fence(array) bind(c)
      import
      type(c_ptr), value :: array
    end function
    integer(c_int) function nodespan_array_exchange_ghosts(array) bind(c)
      import
      type(c_ptr), value :: array
    end function
    integer(c_int) function nodespan_array_lock(array, node) bind(c)
      import
      type(c_ptr), value :: array
      integer(c_int), value :: node
    end function
    integer(c_int) function nodespan_array_unlock(array, node) bind(c)
      import
      type(c_ptr), value :: array
      integer(c_int), value :: node
    end function
  end interface

  interface ! of arrays: transfers, files
    integer(c_int) function nodespan_array_get(array, lo, hi, to, count) bind(c)
      import
      type(c_ptr), value :: array
      integer(c_int64_t), intent(in) :: lo(*), hi(*)
      type(*), intent(inout) :: to(*)
      integer(c_int64_t), value :: count
    end function
    integer(c_int) function nodespan_array_put(array, lo, hi, from, count) bind(c)
      import
      type(c_ptr), value :: array
      integer(c_int64_t), intent(in) :: lo(*), hi(*)
      type(*), intent(in) :: from(*)
      integer(c_int64_t), value :: count
    end function
    ! `scale` is c_null_ptr, or c_loc of one element.
    integer(c_int) function nodespan_array_accumulate(array, op, lo, hi, from, count, scale) bind(c)
      import
      type(c_ptr), value :: array
      integer(c_int), value :: op
      integer(c_int64_t), intent(in) :: lo(*), hi(*)
      type(*), intent(in) :: from(*)
      integer(c_int64_t), value :: count
      type(c_ptr), value :: scale
    end function
    ! `value` and `before` are c_loc of one element each; `before` may be c_null_ptr.
    integer(c_int) function nodespan_array_fetch_add(array, at, value, before) bind(c)
      import
      type(c_ptr), value :: array
      integer(c_int64_t), intent(in) :: at(*)
      type(c_ptr), value :: value, before
    end function
    integer(c_int) function nodespan_array_save_npy(array, file) bind(c)
      import
      type(c_ptr), value :: array
      character(kind=c_char), intent(in) :: file(*)
    end function
    integer(c_int) function nodespan_array_load_npy(array, file) bind(c)
      import
      type(c_ptr), value :: array
      character(kind=c_char), intent(in) :: file(*)
    end function
    ! In the component hdf5.
    integer(c_int) function nodespan_array_save_hdf5(array, file, dataset, mode) bind(c)
      import
      type(c_ptr), value :: array
      character(kind=c_char), intent(in) :: file(*), dataset(*)
      integer(c_int), value :: mode
    end function
    integer(c_int) function nodespan_array_load_hdf5(array, file, dataset) bind(c)
      import
      type(c_ptr), value :: array
      character(kind=c_char), intent(in) :: file(*), dataset(*)
    end function
  end interface

contains

  ! The message of the last error of this thread, one line.
  function nodespan_last_error_message() result(message)
    character(:), allocatable :: message
    character(kind=c_char), pointer :: text(:)
    type(c_ptr) :: place
    integer :: k
    interface
      type(c_ptr) function c_message() bind(c, name="nodespan_last_error_message")
        import
      end function
      integer(c_size_t) function c_strlen(text) bind(c, name="strlen")
        import
        type(c_ptr), value :: text
      end function
    end interface

    place = c_message()
    call c_f_pointer(place, text, [c_strlen(place)])
    allocate (character(size(text)) :: message)
    do k = 1, size(text)
      message(k:k) = text(k)
    end do
  end function

end module
