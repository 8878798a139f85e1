! nodespan for Fortran: the C interface under the same names; nodespan/nodespan.h describes the
! calls. Compile this source together with the program, since a compiled module fits one compiler
! only.
!
! Handles are type(c_ptr), results are arguments, every function returns nodespan_success or an
! error code. Boxes [lo, hi) are those of C: their elements are lo(d) + 1 to hi(d), counted from 1.
! Buffers are contiguous arrays of any type. Texts end with c_null_char: trim(file) // c_null_char.
module nodespan
  use, intrinsic :: iso_c_binding
  use, intrinsic :: iso_fortran_env, only: error_unit, output_unit
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

  enum, bind(c) ! whether the first line of a CSV file names its columns
    enumerator :: nodespan_header_detect = 0, nodespan_header_absent, nodespan_header_present
  end enum

  enum, bind(c) ! of rings
    enumerator :: nodespan_to_all = 0, nodespan_to_one
  end enum

  enum, bind(c)
    enumerator :: nodespan_block = 0, nodespan_drop_newest, nodespan_drop_oldest
  end enum

  enum, bind(c) ! what nodespan_node points at: what the node holds, the same with its ghosts, mine
    enumerator :: nodespan_without_ghosts = 0, nodespan_with_ghosts, nodespan_my_share
  end enum

  enum, bind(c)
    enumerator :: nodespan_as_is = 0, nodespan_transposed, nodespan_adjoint
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
    type(c_ptr) :: block = c_null_ptr     ! integer(c_int64_t)
  end type

  type, bind(c) :: nodespan_ring_options
    integer(c_int64_t) :: slots = 0 ! 0 stands for 8
    integer(c_int) :: producer = 0
    integer(c_int) :: delivery = nodespan_to_all
    integer(c_int) :: when_full = nodespan_block
    type(c_ptr) :: name = c_null_ptr
  end type

  type, bind(c) :: nodespan_csv_options
    character(kind=c_char) :: separator = c_null_char
    integer(c_int) :: header = nodespan_header_detect
    type(c_ptr) :: names = c_null_ptr ! type(c_ptr), of a text for each column
  end type

  type, bind(c) :: nodespan_checkpoint_options
    integer(c_int) :: keep = 0 ! 0 stands for 2
    integer(c_int) :: unproved = 0
  end type

  type, bind(c) :: nodespan_fortran_location
    type(c_ptr) :: data
    integer(c_int64_t) :: stored(6), skipped(6), count(6), lower(6)
  end type

  include "fortran/team.inc"
  include "fortran/array.inc"
  include "fortran/transfer.inc"
  include "fortran/whole.inc"
  include "fortran/work.inc"
  include "fortran/files.inc"

  ! call nodespan_node(handle, x [, part, stat, errmsg]): points x at what this node holds of a
  ! column-major array, with its bounds, so that x(i, j) is the element (i, j) of the whole array,
  ! counted from 1; or at this node's copy of a replicated table. x is a pointer of rank 1 to 6 to
  ! elements of the array's type (unsigned ones as integers of their size). Declare it contiguous
  ! only if the part has no gaps: that of nodespan_with_ghosts has none, nor has that of
  ! nodespan_without_ghosts in an array without ghosts. x must not be used after the array is freed.
  interface nodespan_node
    module procedure :: node_bool_1, node_bool_2, node_bool_3, node_bool_4, node_bool_5
    module procedure :: node_bool_6, node_int8_1, node_int8_2, node_int8_3, node_int8_4
    module procedure :: node_int8_5, node_int8_6, node_int16_1, node_int16_2, node_int16_3
    module procedure :: node_int16_4, node_int16_5, node_int16_6, node_int32_1, node_int32_2
    module procedure :: node_int32_3, node_int32_4, node_int32_5, node_int32_6, node_int64_1
    module procedure :: node_int64_2, node_int64_3, node_int64_4, node_int64_5, node_int64_6
    module procedure :: node_float32_1, node_float32_2, node_float32_3, node_float32_4
    module procedure :: node_float32_5, node_float32_6, node_float64_1, node_float64_2
    module procedure :: node_float64_3, node_float64_4, node_float64_5, node_float64_6
    module procedure :: node_complex64_1, node_complex64_2, node_complex64_3, node_complex64_4
    module procedure :: node_complex64_5, node_complex64_6, node_complex128_1, node_complex128_2
    module procedure :: node_complex128_3, node_complex128_4, node_complex128_5
    module procedure :: node_complex128_6
  end interface

  ! call nodespan_all_reduce(team, values [, op, stat, errmsg]): values are a number or an array of
  ! numbers, of any rank, and become those of all ranks combined, by nodespan_sum unless op says
  ! otherwise. reduce: only those of rank `root`, which is 0 unless the call says otherwise.
  ! broadcast: they become those of rank `root`.
  interface nodespan_all_reduce
    module procedure :: all_reduce_int8, all_reduce_int16, all_reduce_int32, all_reduce_int64
    module procedure :: all_reduce_float32, all_reduce_float64, all_reduce_complex64
    module procedure :: all_reduce_complex128
  end interface
  interface nodespan_reduce
    module procedure :: reduce_int8, reduce_int16, reduce_int32, reduce_int64, reduce_float32
    module procedure :: reduce_float64, reduce_complex64, reduce_complex128
  end interface
  interface nodespan_broadcast
    module procedure :: broadcast_bool, broadcast_int8, broadcast_int16, broadcast_int32
    module procedure :: broadcast_int64, broadcast_float32, broadcast_float64
    module procedure :: broadcast_complex64, broadcast_complex128
  end interface

  private :: error_unit, output_unit, is_found, all_reduce, reduce, broadcast, &
    node_bool_1, node_bool_2, node_bool_3, node_bool_4, node_bool_5, &
    node_bool_6, node_int8_1, node_int8_2, node_int8_3, node_int8_4, node_int8_5, node_int8_6, &
    node_int16_1, node_int16_2, node_int16_3, node_int16_4, node_int16_5, node_int16_6, &
    node_int32_1, node_int32_2, node_int32_3, node_int32_4, node_int32_5, node_int32_6, &
    node_int64_1, node_int64_2, node_int64_3, node_int64_4, node_int64_5, node_int64_6, &
    node_float32_1, node_float32_2, node_float32_3, node_float32_4, node_float32_5, &
    node_float32_6, node_float64_1, node_float64_2, node_float64_3, node_float64_4, &
    node_float64_5, node_float64_6, node_complex64_1, node_complex64_2, node_complex64_3, &
    node_complex64_4, node_complex64_5, node_complex64_6, node_complex128_1, node_complex128_2, &
    node_complex128_3, node_complex128_4, node_complex128_5, node_complex128_6, &
    all_reduce_int8, all_reduce_int16, all_reduce_int32, all_reduce_int64, all_reduce_float32, &
    all_reduce_float64, all_reduce_complex64, all_reduce_complex128, reduce_int8, reduce_int16, &
    reduce_int32, reduce_int64, reduce_float32, reduce_float64, reduce_complex64, &
    reduce_complex128, broadcast_bool, broadcast_int8, broadcast_int16, broadcast_int32, &
    broadcast_int64, broadcast_float32, broadcast_float64, broadcast_complex64, &
    broadcast_complex128

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

  ! What ALLOCATE does with stat= and errmsg=, for the code of any call: stat becomes the code, and
  ! errmsg the message if there was an error. Without stat an error ends the program with its
  ! message.
  subroutine nodespan_check(code, stat, errmsg)
    integer(c_int), intent(in) :: code
    integer(c_int), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg

    if (present(stat)) stat = code
    if (code == nodespan_success) return
    if (present(errmsg)) errmsg = nodespan_last_error_message()
    if (present(stat)) return
    flush (output_unit)
    write (error_unit, "(a)") nodespan_last_error_message()
    flush (error_unit)
    stop 1, quiet=.true. ! mpirun ends the other ranks
  end subroutine

  ! Finds where elements are; false if there was an error, of which stat tells.
  logical function is_found(handle, type, rank, place, part, stat, errmsg)
    type(c_ptr), intent(in) :: handle
    integer(c_int), intent(in) :: type, rank
    type(nodespan_fortran_location), intent(out) :: place
    integer(c_int), intent(in), optional :: part
    integer(c_int), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(c_int) :: wanted, code

    wanted = nodespan_without_ghosts
    if (present(part)) wanted = part
    code = nodespan_fortran_find(handle, type, rank, wanted, place)
    is_found = code == nodespan_success
    call nodespan_check(code, stat, errmsg)
  end function

  subroutine all_reduce(team, type, values, count, op, stat, errmsg)
    type(c_ptr), intent(in) :: team, values
    integer(c_int), intent(in) :: type
    integer(c_int64_t), intent(in) :: count
    integer(c_int), intent(in), optional :: op
    integer(c_int), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(c_int) :: how

    how = nodespan_sum
    if (present(op)) how = op
    call nodespan_check(nodespan_team_all_reduce(team, type, values, count, how), stat, errmsg)
  end subroutine

  subroutine reduce(team, type, values, count, op, root, stat, errmsg)
    type(c_ptr), intent(in) :: team, values
    integer(c_int), intent(in) :: type
    integer(c_int64_t), intent(in) :: count
    integer(c_int), intent(in), optional :: op, root
    integer(c_int), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(c_int) :: how, where

    how = nodespan_sum
    where = 0
    if (present(op)) how = op
    if (present(root)) where = root
    call nodespan_check(nodespan_team_reduce(team, type, values, count, how, where), stat, errmsg)
  end subroutine

  subroutine broadcast(team, type, values, count, root, stat, errmsg)
    type(c_ptr), intent(in) :: team, values
    integer(c_int), intent(in) :: type
    integer(c_int64_t), intent(in) :: count
    integer(c_int), intent(in), optional :: root
    integer(c_int), intent(out), optional :: stat
    character(*), intent(inout), optional :: errmsg
    integer(c_int) :: where

    where = 0
    if (present(root)) where = root
    call nodespan_check(nodespan_team_broadcast(team, type, values, count, where), stat, errmsg)
  end subroutine

  include "fortran/collectives.inc"

  subroutine node_bool_1(handle, x, part, stat, errmsg)
    logical(c_bool), pointer, intent(out) :: x(:)
    integer(c_int), parameter :: type = nodespan_bool
    include "fortran/node_1.inc"
  end subroutine
  subroutine node_bool_2(handle, x, part, stat, errmsg)
    logical(c_bool), pointer, intent(out) :: x(:, :)
    integer(c_int), parameter :: type = nodespan_bool
    include "fortran/node_2.inc"
  end subroutine
  subroutine node_bool_3(handle, x, part, stat, errmsg)
    logical(c_bool), pointer, intent(out) :: x(:, :, :)
    integer(c_int), parameter :: type = nodespan_bool
    include "fortran/node_3.inc"
  end subroutine
  subroutine node_bool_4(handle, x, part, stat, errmsg)
    logical(c_bool), pointer, intent(out) :: x(:, :, :, :)
    integer(c_int), parameter :: type = nodespan_bool
    include "fortran/node_4.inc"
  end subroutine
  subroutine node_bool_5(handle, x, part, stat, errmsg)
    logical(c_bool), pointer, intent(out) :: x(:, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_bool
    include "fortran/node_5.inc"
  end subroutine
  subroutine node_bool_6(handle, x, part, stat, errmsg)
    logical(c_bool), pointer, intent(out) :: x(:, :, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_bool
    include "fortran/node_6.inc"
  end subroutine
  subroutine node_int8_1(handle, x, part, stat, errmsg)
    integer(c_int8_t), pointer, intent(out) :: x(:)
    integer(c_int), parameter :: type = nodespan_int8
    include "fortran/node_1.inc"
  end subroutine
  subroutine node_int8_2(handle, x, part, stat, errmsg)
    integer(c_int8_t), pointer, intent(out) :: x(:, :)
    integer(c_int), parameter :: type = nodespan_int8
    include "fortran/node_2.inc"
  end subroutine
  subroutine node_int8_3(handle, x, part, stat, errmsg)
    integer(c_int8_t), pointer, intent(out) :: x(:, :, :)
    integer(c_int), parameter :: type = nodespan_int8
    include "fortran/node_3.inc"
  end subroutine
  subroutine node_int8_4(handle, x, part, stat, errmsg)
    integer(c_int8_t), pointer, intent(out) :: x(:, :, :, :)
    integer(c_int), parameter :: type = nodespan_int8
    include "fortran/node_4.inc"
  end subroutine
  subroutine node_int8_5(handle, x, part, stat, errmsg)
    integer(c_int8_t), pointer, intent(out) :: x(:, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_int8
    include "fortran/node_5.inc"
  end subroutine
  subroutine node_int8_6(handle, x, part, stat, errmsg)
    integer(c_int8_t), pointer, intent(out) :: x(:, :, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_int8
    include "fortran/node_6.inc"
  end subroutine
  subroutine node_int16_1(handle, x, part, stat, errmsg)
    integer(c_int16_t), pointer, intent(out) :: x(:)
    integer(c_int), parameter :: type = nodespan_int16
    include "fortran/node_1.inc"
  end subroutine
  subroutine node_int16_2(handle, x, part, stat, errmsg)
    integer(c_int16_t), pointer, intent(out) :: x(:, :)
    integer(c_int), parameter :: type = nodespan_int16
    include "fortran/node_2.inc"
  end subroutine
  subroutine node_int16_3(handle, x, part, stat, errmsg)
    integer(c_int16_t), pointer, intent(out) :: x(:, :, :)
    integer(c_int), parameter :: type = nodespan_int16
    include "fortran/node_3.inc"
  end subroutine
  subroutine node_int16_4(handle, x, part, stat, errmsg)
    integer(c_int16_t), pointer, intent(out) :: x(:, :, :, :)
    integer(c_int), parameter :: type = nodespan_int16
    include "fortran/node_4.inc"
  end subroutine
  subroutine node_int16_5(handle, x, part, stat, errmsg)
    integer(c_int16_t), pointer, intent(out) :: x(:, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_int16
    include "fortran/node_5.inc"
  end subroutine
  subroutine node_int16_6(handle, x, part, stat, errmsg)
    integer(c_int16_t), pointer, intent(out) :: x(:, :, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_int16
    include "fortran/node_6.inc"
  end subroutine
  subroutine node_int32_1(handle, x, part, stat, errmsg)
    integer(c_int32_t), pointer, intent(out) :: x(:)
    integer(c_int), parameter :: type = nodespan_int32
    include "fortran/node_1.inc"
  end subroutine
  subroutine node_int32_2(handle, x, part, stat, errmsg)
    integer(c_int32_t), pointer, intent(out) :: x(:, :)
    integer(c_int), parameter :: type = nodespan_int32
    include "fortran/node_2.inc"
  end subroutine
  subroutine node_int32_3(handle, x, part, stat, errmsg)
    integer(c_int32_t), pointer, intent(out) :: x(:, :, :)
    integer(c_int), parameter :: type = nodespan_int32
    include "fortran/node_3.inc"
  end subroutine
  subroutine node_int32_4(handle, x, part, stat, errmsg)
    integer(c_int32_t), pointer, intent(out) :: x(:, :, :, :)
    integer(c_int), parameter :: type = nodespan_int32
    include "fortran/node_4.inc"
  end subroutine
  subroutine node_int32_5(handle, x, part, stat, errmsg)
    integer(c_int32_t), pointer, intent(out) :: x(:, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_int32
    include "fortran/node_5.inc"
  end subroutine
  subroutine node_int32_6(handle, x, part, stat, errmsg)
    integer(c_int32_t), pointer, intent(out) :: x(:, :, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_int32
    include "fortran/node_6.inc"
  end subroutine
  subroutine node_int64_1(handle, x, part, stat, errmsg)
    integer(c_int64_t), pointer, intent(out) :: x(:)
    integer(c_int), parameter :: type = nodespan_int64
    include "fortran/node_1.inc"
  end subroutine
  subroutine node_int64_2(handle, x, part, stat, errmsg)
    integer(c_int64_t), pointer, intent(out) :: x(:, :)
    integer(c_int), parameter :: type = nodespan_int64
    include "fortran/node_2.inc"
  end subroutine
  subroutine node_int64_3(handle, x, part, stat, errmsg)
    integer(c_int64_t), pointer, intent(out) :: x(:, :, :)
    integer(c_int), parameter :: type = nodespan_int64
    include "fortran/node_3.inc"
  end subroutine
  subroutine node_int64_4(handle, x, part, stat, errmsg)
    integer(c_int64_t), pointer, intent(out) :: x(:, :, :, :)
    integer(c_int), parameter :: type = nodespan_int64
    include "fortran/node_4.inc"
  end subroutine
  subroutine node_int64_5(handle, x, part, stat, errmsg)
    integer(c_int64_t), pointer, intent(out) :: x(:, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_int64
    include "fortran/node_5.inc"
  end subroutine
  subroutine node_int64_6(handle, x, part, stat, errmsg)
    integer(c_int64_t), pointer, intent(out) :: x(:, :, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_int64
    include "fortran/node_6.inc"
  end subroutine
  subroutine node_float32_1(handle, x, part, stat, errmsg)
    real(c_float), pointer, intent(out) :: x(:)
    integer(c_int), parameter :: type = nodespan_float32
    include "fortran/node_1.inc"
  end subroutine
  subroutine node_float32_2(handle, x, part, stat, errmsg)
    real(c_float), pointer, intent(out) :: x(:, :)
    integer(c_int), parameter :: type = nodespan_float32
    include "fortran/node_2.inc"
  end subroutine
  subroutine node_float32_3(handle, x, part, stat, errmsg)
    real(c_float), pointer, intent(out) :: x(:, :, :)
    integer(c_int), parameter :: type = nodespan_float32
    include "fortran/node_3.inc"
  end subroutine
  subroutine node_float32_4(handle, x, part, stat, errmsg)
    real(c_float), pointer, intent(out) :: x(:, :, :, :)
    integer(c_int), parameter :: type = nodespan_float32
    include "fortran/node_4.inc"
  end subroutine
  subroutine node_float32_5(handle, x, part, stat, errmsg)
    real(c_float), pointer, intent(out) :: x(:, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_float32
    include "fortran/node_5.inc"
  end subroutine
  subroutine node_float32_6(handle, x, part, stat, errmsg)
    real(c_float), pointer, intent(out) :: x(:, :, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_float32
    include "fortran/node_6.inc"
  end subroutine
  subroutine node_float64_1(handle, x, part, stat, errmsg)
    real(c_double), pointer, intent(out) :: x(:)
    integer(c_int), parameter :: type = nodespan_float64
    include "fortran/node_1.inc"
  end subroutine
  subroutine node_float64_2(handle, x, part, stat, errmsg)
    real(c_double), pointer, intent(out) :: x(:, :)
    integer(c_int), parameter :: type = nodespan_float64
    include "fortran/node_2.inc"
  end subroutine
  subroutine node_float64_3(handle, x, part, stat, errmsg)
    real(c_double), pointer, intent(out) :: x(:, :, :)
    integer(c_int), parameter :: type = nodespan_float64
    include "fortran/node_3.inc"
  end subroutine
  subroutine node_float64_4(handle, x, part, stat, errmsg)
    real(c_double), pointer, intent(out) :: x(:, :, :, :)
    integer(c_int), parameter :: type = nodespan_float64
    include "fortran/node_4.inc"
  end subroutine
  subroutine node_float64_5(handle, x, part, stat, errmsg)
    real(c_double), pointer, intent(out) :: x(:, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_float64
    include "fortran/node_5.inc"
  end subroutine
  subroutine node_float64_6(handle, x, part, stat, errmsg)
    real(c_double), pointer, intent(out) :: x(:, :, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_float64
    include "fortran/node_6.inc"
  end subroutine
  subroutine node_complex64_1(handle, x, part, stat, errmsg)
    complex(c_float_complex), pointer, intent(out) :: x(:)
    integer(c_int), parameter :: type = nodespan_complex64
    include "fortran/node_1.inc"
  end subroutine
  subroutine node_complex64_2(handle, x, part, stat, errmsg)
    complex(c_float_complex), pointer, intent(out) :: x(:, :)
    integer(c_int), parameter :: type = nodespan_complex64
    include "fortran/node_2.inc"
  end subroutine
  subroutine node_complex64_3(handle, x, part, stat, errmsg)
    complex(c_float_complex), pointer, intent(out) :: x(:, :, :)
    integer(c_int), parameter :: type = nodespan_complex64
    include "fortran/node_3.inc"
  end subroutine
  subroutine node_complex64_4(handle, x, part, stat, errmsg)
    complex(c_float_complex), pointer, intent(out) :: x(:, :, :, :)
    integer(c_int), parameter :: type = nodespan_complex64
    include "fortran/node_4.inc"
  end subroutine
  subroutine node_complex64_5(handle, x, part, stat, errmsg)
    complex(c_float_complex), pointer, intent(out) :: x(:, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_complex64
    include "fortran/node_5.inc"
  end subroutine
  subroutine node_complex64_6(handle, x, part, stat, errmsg)
    complex(c_float_complex), pointer, intent(out) :: x(:, :, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_complex64
    include "fortran/node_6.inc"
  end subroutine
  subroutine node_complex128_1(handle, x, part, stat, errmsg)
    complex(c_double_complex), pointer, intent(out) :: x(:)
    integer(c_int), parameter :: type = nodespan_complex128
    include "fortran/node_1.inc"
  end subroutine
  subroutine node_complex128_2(handle, x, part, stat, errmsg)
    complex(c_double_complex), pointer, intent(out) :: x(:, :)
    integer(c_int), parameter :: type = nodespan_complex128
    include "fortran/node_2.inc"
  end subroutine
  subroutine node_complex128_3(handle, x, part, stat, errmsg)
    complex(c_double_complex), pointer, intent(out) :: x(:, :, :)
    integer(c_int), parameter :: type = nodespan_complex128
    include "fortran/node_3.inc"
  end subroutine
  subroutine node_complex128_4(handle, x, part, stat, errmsg)
    complex(c_double_complex), pointer, intent(out) :: x(:, :, :, :)
    integer(c_int), parameter :: type = nodespan_complex128
    include "fortran/node_4.inc"
  end subroutine
  subroutine node_complex128_5(handle, x, part, stat, errmsg)
    complex(c_double_complex), pointer, intent(out) :: x(:, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_complex128
    include "fortran/node_5.inc"
  end subroutine
  subroutine node_complex128_6(handle, x, part, stat, errmsg)
    complex(c_double_complex), pointer, intent(out) :: x(:, :, :, :, :, :)
    integer(c_int), parameter :: type = nodespan_complex128
    include "fortran/node_6.inc"
  end subroutine

end module
