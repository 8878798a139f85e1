#include "runs.hpp"

#include <cstdint>

// What race_marks.h expands in programs calls nodespan_race_mark where an access is not the next
// one of its run. It leaves all registers but the flags as they were. Whether the access belongs to
// the run after all is found out without vector registers; only for the rest are these put aside.

#ifdef __x86_64__

#include <cpuid.h>

using namespace nodespan::detail::race;

namespace {

constexpr std::uint32_t is_write = 256;

// How many bytes the processor needs for its registers of all kinds; 0: it knows only the older
// way.
unsigned bytes_of_registers() {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_OSXSAVE) == 0) return 0;
    return __get_cpuid_count(13, 0, &a, &b, &c, &d) == 0 ? 0 : b;
}

} // namespace

extern "C" {

// For the first mark, which may come before this is initialised, 0 will do.
__attribute__((visibility("hidden"), used)) unsigned nodespan_race_registers = bytes_of_registers();

__attribute__((visibility("hidden"), used)) void
nodespan_race_begin_run(run* r, std::uintptr_t at, std::uint32_t what, std::uintptr_t place) {
    begin_run(*r, (what & is_write) != 0 ? op::write : op::read, at, what & (is_write - 1), place);
}
}

// On the stack: where to return to, what, the run's place in the thread's memory, the place, the
// address.
__asm__(R"(
    .text
    .globl nodespan_race_mark
    .type nodespan_race_mark, @function
    .p2align 4
nodespan_race_mark:
    pushq %rbp
    movq %rsp, %rbp
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    andq $-64, %rsp
    movq 24(%rbp), %rdi
    addq %fs:0, %rdi
    movq 40(%rbp), %rsi
    call nodespan_race_continues
    testb %al, %al
    je 2f
1:
    leaq -72(%rbp), %rsp
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rax
    popq %rbp
    ret
2:
    movl nodespan_race_registers(%rip), %eax
    testl %eax, %eax
    je 4f
    subq %rax, %rsp
    andq $-64, %rsp
    xorl %edx, %edx
    movq %rdx, 512(%rsp)
    movq %rdx, 520(%rsp)
    movq %rdx, 528(%rsp)
    movq %rdx, 536(%rsp)
    movq %rdx, 544(%rsp)
    movq %rdx, 552(%rsp)
    movq %rdx, 560(%rsp)
    movq %rdx, 568(%rsp)
    movl $0xe7, %eax
    xsave64 (%rsp)
    call 3f
    movl $0xe7, %eax
    xorl %edx, %edx
    xrstor64 (%rsp)
    jmp 1b
3:
    movq 24(%rbp), %rdi
    addq %fs:0, %rdi
    movq 40(%rbp), %rsi
    movl 16(%rbp), %edx
    movq 32(%rbp), %rcx
    subq $8, %rsp
    call nodespan_race_begin_run
    addq $8, %rsp
    ret
4:
    subq $512, %rsp
    fxsave64 (%rsp)
    call 3b
    fxrstor64 (%rsp)
    jmp 1b
    .size nodespan_race_mark, . - nodespan_race_mark
)");

#endif
