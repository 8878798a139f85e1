#pragma once

/// Cases of death_cases that end what others still use, or use what has ended.

int calls_after_environment(int argc, char** argv);
int calls_after_finalize(int argc, char** argv);
int forks_and_leaves(int argc, char** argv);
int ends_on_another_thread(int argc, char** argv);
