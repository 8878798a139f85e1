! A plate that cools, its edges kept at 0, in Fortran: arrays are the memory that the node's ranks share.
program plate
    use mpi
    use nodespan
    implicit none

    integer(c_int64_t), parameter :: n = 64
    integer, parameter :: steps = 1000
    real(c_double), parameter :: pi = acos(-1.0_c_double), r = 0.2_c_double
    type :: field
        type(c_ptr) :: array
        real(c_double), pointer :: t(:, :) ! the node's part with its ghosts, by global indices from 0
    end type
    type(field) :: fields(0:1)
    type(nodespan_array_options) :: options
    type(nodespan_team_info) :: me
    type(c_ptr) :: team
    real(c_double), pointer :: now(:, :), next(:, :)
    real(c_double), target :: middle(1)
    real(c_double) :: known
    integer(c_int64_t) :: lo(2), hi(2), i, j
    integer :: step, k, ierror

    call MPI_Init(ierror)
    call check(nodespan_team_create_f(MPI_COMM_WORLD, team))
    call check(nodespan_team_get_info(team, me))
    options%ghost_width(1:2) = 1
    do k = 0, 1
        call check(nodespan_array_create(team, NODESPAN_FLOAT64, 2, [n, n], options, fields(k)%array))
        call point_at_memory(fields(k))
    end do

    ! Each rank its own columns.
    call check(nodespan_array_rank_box(fields(0)%array, NODESPAN_SELF, lo, hi))
    now => fields(0)%t
    do j = lo(2), hi(2) - 1
        do i = lo(1), hi(1) - 1
            now(i, j) = sin(pi * (i + 1) / (n + 1)) * sin(pi * (j + 1) / (n + 1))
        end do
    end do

    do step = 1, steps
        now => fields(mod(step + 1, 2))%t
        next => fields(mod(step, 2))%t
        call check(nodespan_array_exchange_ghosts(fields(mod(step + 1, 2))%array)) ! a fence, too
        do j = lo(2), hi(2) - 1
            do i = lo(1), hi(1) - 1
                next(i, j) = now(i, j) + r * (now(i - 1, j) + now(i + 1, j) + now(i, j - 1) + now(i, j + 1) &
                                              - 4 * now(i, j))
            end do
        end do
    end do
    call check(nodespan_team_fence(team))

    ! The middle, on whichever node it lies, and what the scheme makes of it.
    call check(nodespan_array_get(fields(mod(steps, 2))%array, [n / 2, n / 2], [n / 2 + 1, n / 2 + 1], &
                                  c_loc(middle), 1_c_int64_t))
    known = sin(pi * (n / 2 + 1) / (n + 1))**2 * (1 - 8 * r * sin(pi / (2 * (n + 1)))**2)**steps
    if (me%rank == 0) print '(a, i0, a, f8.6)', 'after ', steps, ' steps the middle is at ', middle(1)
    if (abs(middle(1) - known) > 1e-12_c_double) error stop 'that is not what it should be'

    do k = 1, 0, -1
        call check(nodespan_array_free(fields(k)%array))
    end do
    call check(nodespan_team_free(team))
    call MPI_Finalize(ierror)

contains

    subroutine point_at_memory(f)
        type(field), intent(inout) :: f
        real(c_double), pointer :: dense(:, :)
        integer(c_int64_t) :: from(2), to(2), strides(2)
        type(c_ptr) :: data

        call check(nodespan_array_node_with_ghosts(f%array, from, to, data, strides))
        call c_f_pointer(data, dense, to - from)
        f%t(from(1):, from(2):) => dense
    end subroutine

    subroutine check(code)
        integer(c_int), intent(in) :: code
        integer :: ignored

        if (code == NODESPAN_SUCCESS) return
        print '(a)', nodespan_message()
        call MPI_Abort(MPI_COMM_WORLD, 1, ignored)
    end subroutine
end program
