#pragma once

// Ranks that come to one meeting for different calls; see death_cases.cpp.

int is_in_another_call(int argc, char** argv);
