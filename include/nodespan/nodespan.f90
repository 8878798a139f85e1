! The C interface for Fortran: nodespan/nodespan.h tells what the calls do. Compile this file with
! the program; indices are from 0, and boxes half-open, as there.
module nodespan
    use, intrinsic :: iso_c_binding
    implicit none
    private :: c_strlen

    integer(c_int), parameter :: NODESPAN_MAX_DIMENSIONS = 6, NODESPAN_SELF = -1

    enum, bind(c) ! codes
        enumerator :: NODESPAN_SUCCESS = 0, NODESPAN_INVALID_ARGUMENT, NODESPAN_MISMATCHED_ARGUMENTS, &
            NODESPAN_OUT_OF_RANGE, NODESPAN_SIZE_MISMATCH, NODESPAN_NOT_ON_NODE, NODESPAN_NO_CAPACITY, &
            NODESPAN_NOT_INITIALIZED, NODESPAN_FINALIZED, NODESPAN_PEER_LOST, NODESPAN_IO, NODESPAN_WRONG_THREAD, &
            NODESPAN_MPI_ERROR = 100, NODESPAN_NO_MEMORY, NODESPAN_OTHER_ERROR
    end enum
    enum, bind(c) ! types
        enumerator :: NODESPAN_BOOL, NODESPAN_INT8, NODESPAN_INT16, NODESPAN_INT32, NODESPAN_INT64, &
            NODESPAN_UINT8, NODESPAN_UINT16, NODESPAN_UINT32, NODESPAN_UINT64, NODESPAN_FLOAT32, &
            NODESPAN_FLOAT64, NODESPAN_COMPLEX64, NODESPAN_COMPLEX128
    end enum
    enum, bind(c) ! orders
        enumerator :: NODESPAN_ROW_MAJOR, NODESPAN_COLUMN_MAJOR
    end enum
    enum, bind(c) ! operations
        enumerator :: NODESPAN_SUM, NODESPAN_MIN, NODESPAN_MAX, NODESPAN_PROD, NODESPAN_REPLACE
    end enum
    enum, bind(c) ! save modes
        enumerator :: NODESPAN_REPLACE_FILE, NODESPAN_ADD, NODESPAN_OVERWRITE
    end enum

    type, bind(c) :: nodespan_team_info
        integer(c_int) :: rank, size, node, nodes, node_rank, node_size
    end type

    ! In Fortran the first index runs fastest, so here that is what arrays do unless told otherwise.
    type, bind(c) :: nodespan_array_options
        integer(c_int) :: order = NODESPAN_COLUMN_MAJOR
        integer(c_int) :: uninitialized = 0
        integer(c_int64_t) :: ghost_width(NODESPAN_MAX_DIMENSIONS) = 0
        integer(c_int) :: periodic(NODESPAN_MAX_DIMENSIONS) = 0
        integer(c_int) :: node_grid(NODESPAN_MAX_DIMENSIONS) = 0
        integer(c_int) :: rank_grid(NODESPAN_MAX_DIMENSIONS) = 0
        type(c_ptr) :: name = c_null_ptr
    end type

    interface
        function nodespan_last_error_message() bind(c) result(text) ! see nodespan_message
            import
            type(c_ptr) :: text
        end function

        function nodespan_last_error_is_collective() bind(c) result(is_collective)
            import
            integer(c_int) :: is_collective
        end function

        function nodespan_team_create_f(comm, team) bind(c) result(code)
            import
            integer(c_int), value :: comm ! MPI_COMM_WORLD of `use mpi`, or comm%mpi_val
            type(c_ptr), intent(out) :: team
            integer(c_int) :: code
        end function

        function nodespan_team_free(team) bind(c) result(code)
            import
            type(c_ptr), intent(inout) :: team
            integer(c_int) :: code
        end function

        function nodespan_team_get_info(team, info) bind(c) result(code)
            import
            type(c_ptr), value :: team
            type(nodespan_team_info), intent(out) :: info
            integer(c_int) :: code
        end function

        function nodespan_team_fence(team) bind(c) result(code)
            import
            type(c_ptr), value :: team
            integer(c_int) :: code
        end function

        function nodespan_team_node_fence(team) bind(c) result(code)
            import
            type(c_ptr), value :: team
            integer(c_int) :: code
        end function

        function nodespan_team_progress(team) bind(c) result(code)
            import
            type(c_ptr), value :: team
            integer(c_int) :: code
        end function

        function nodespan_array_create(team, type, dimensions, extents, options, array) bind(c) result(code)
            import
            type(c_ptr), value :: team
            integer(c_int), value :: type, dimensions
            integer(c_int64_t), intent(in) :: extents(*)
            type(nodespan_array_options), intent(in) :: options
            type(c_ptr), intent(out) :: array
            integer(c_int) :: code
        end function

        function nodespan_array_free(array) bind(c) result(code)
            import
            type(c_ptr), intent(inout) :: array
            integer(c_int) :: code
        end function

        function nodespan_array_rank_box(array, rank, lo, hi) bind(c) result(code)
            import
            type(c_ptr), value :: array
            integer(c_int), value :: rank
            integer(c_int64_t), intent(out) :: lo(*), hi(*)
            integer(c_int) :: code
        end function

        function nodespan_array_node_box(array, node, lo, hi) bind(c) result(code)
            import
            type(c_ptr), value :: array
            integer(c_int), value :: node
            integer(c_int64_t), intent(out) :: lo(*), hi(*)
            integer(c_int) :: code
        end function

        ! Column-major memory of the node is dense: c_f_pointer(data, a, hi - lo) is all of it.
        function nodespan_array_block(array, rank, data, strides) bind(c) result(code)
            import
            type(c_ptr), value :: array
            integer(c_int), value :: rank
            type(c_ptr), intent(out) :: data
            integer(c_int64_t), intent(out) :: strides(*)
            integer(c_int) :: code
        end function

        function nodespan_array_node(array, data, strides) bind(c) result(code)
            import
            type(c_ptr), value :: array
            type(c_ptr), intent(out) :: data
            integer(c_int64_t), intent(out) :: strides(*)
            integer(c_int) :: code
        end function

        function nodespan_array_node_with_ghosts(array, lo, hi, data, strides) bind(c) result(code)
            import
            type(c_ptr), value :: array
            integer(c_int64_t), intent(out) :: lo(*), hi(*)
            type(c_ptr), intent(out) :: data
            integer(c_int64_t), intent(out) :: strides(*)
            integer(c_int) :: code
        end function

        function nodespan_array_get(array, lo, hi, to, count) bind(c) result(code)
            import
            type(c_ptr), value :: array
            integer(c_int64_t), intent(in) :: lo(*), hi(*)
            type(c_ptr), value :: to ! c_loc of a contiguous target
            integer(c_int64_t), value :: count
            integer(c_int) :: code
        end function

        function nodespan_array_put(array, lo, hi, from, count) bind(c) result(code)
            import
            type(c_ptr), value :: array
            integer(c_int64_t), intent(in) :: lo(*), hi(*)
            type(c_ptr), value :: from
            integer(c_int64_t), value :: count
            integer(c_int) :: code
        end function

        function nodespan_array_accumulate(array, lo, hi, from, count, op, scale) bind(c) result(code)
            import
            type(c_ptr), value :: array
            integer(c_int64_t), intent(in) :: lo(*), hi(*)
            type(c_ptr), value :: from
            integer(c_int64_t), value :: count
            integer(c_int), value :: op
            type(c_ptr), value :: scale ! c_null_ptr: 1
            integer(c_int) :: code
        end function

        function nodespan_array_fetch_add(array, at, value, before) bind(c) result(code)
            import
            type(c_ptr), value :: array
            integer(c_int64_t), intent(in) :: at(*)
            type(c_ptr), value :: value, before
            integer(c_int) :: code
        end function

        function nodespan_array_fence(array) bind(c) result(code)
            import
            type(c_ptr), value :: array
            integer(c_int) :: code
        end function

        function nodespan_array_node_fence(array) bind(c) result(code)
            import
            type(c_ptr), value :: array
            integer(c_int) :: code
        end function

        function nodespan_array_exchange_ghosts(array) bind(c) result(code)
            import
            type(c_ptr), value :: array
            integer(c_int) :: code
        end function

        function nodespan_array_lock(array, node) bind(c) result(code)
            import
            type(c_ptr), value :: array
            integer(c_int), value :: node
            integer(c_int) :: code
        end function

        function nodespan_array_unlock(array, node) bind(c) result(code)
            import
            type(c_ptr), value :: array
            integer(c_int), value :: node
            integer(c_int) :: code
        end function

        function nodespan_array_lock_shared(array, node) bind(c) result(code)
            import
            type(c_ptr), value :: array
            integer(c_int), value :: node
            integer(c_int) :: code
        end function

        function nodespan_array_unlock_shared(array, node) bind(c) result(code)
            import
            type(c_ptr), value :: array
            integer(c_int), value :: node
            integer(c_int) :: code
        end function

        ! Names end with c_null_char.
        function nodespan_array_save_npy(array, file) bind(c) result(code)
            import
            type(c_ptr), value :: array
            character(kind=c_char), intent(in) :: file(*)
            integer(c_int) :: code
        end function

        function nodespan_array_load_npy(array, file) bind(c) result(code)
            import
            type(c_ptr), value :: array
            character(kind=c_char), intent(in) :: file(*)
            integer(c_int) :: code
        end function

        function nodespan_array_save(array, file, dataset, mode) bind(c) result(code)
            import
            type(c_ptr), value :: array
            character(kind=c_char), intent(in) :: file(*), dataset(*)
            integer(c_int), value :: mode
            integer(c_int) :: code
        end function

        function nodespan_array_load(array, file, dataset) bind(c) result(code)
            import
            type(c_ptr), value :: array
            character(kind=c_char), intent(in) :: file(*), dataset(*)
            integer(c_int) :: code
        end function

        function c_strlen(text) bind(c, name="strlen") result(length)
            import
            type(c_ptr), value :: text
            integer(c_size_t) :: length
        end function
    end interface

contains

    ! What the last call of this thread that failed has to say.
    function nodespan_message() result(message)
        character(:), allocatable :: message
        character(kind=c_char), pointer :: text(:)
        type(c_ptr) :: place
        integer :: i

        place = nodespan_last_error_message()
        call c_f_pointer(place, text, [c_strlen(place)])
        allocate (character(size(text)) :: message)
        do i = 1, size(text)
            message(i:i) = text(i)
        end do
    end function
end module
