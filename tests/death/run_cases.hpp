#pragma once

/// Cases of death_cases that are programs by nodespan::run.

int run_throws_alone(int argc, char** argv);
int run_throws_alone_beside_mpi(int argc, char** argv);
int run_throws_together(int argc, char** argv);
int run_throws_everywhere(int argc, char** argv);
int run_returns(int argc, char** argv);
int run_returns_nothing(int argc, char** argv);
int run_returns_on_others(int argc, char** argv);
