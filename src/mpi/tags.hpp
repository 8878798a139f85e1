#pragma once

namespace nodespan::detail::tags {

// The tags of the library's messages, all in one list so that no two ideas share a number. MPI
// promises that tags up to 32767 exist.

// On the communicator of a team's traffic.
inline constexpr int first_ghosts = 0;    // one for each image of the array, 3^6 - 1 at most
inline constexpr int small_ghosts = 729;  // those that leaders exchange
inline constexpr int leader_values = 730; // of collective calls
inline constexpr int hdf5_chunks = 731;   // where compressed chunks lie

// On the communicator that a team is made with.
inline constexpr int calls_in_wait = 32765; // which call a leader waits in
inline constexpr int meeting_words = 32766;
inline constexpr int abandoned = 32767; // "a rank of my node left by an exception"

} // namespace nodespan::detail::tags
