# Turns our headers into what Doxygen understands. Fields of a docstring become paragraphs with titles:
s!\. \(Call\|Epoch\|Errors\|Cost\|Source\|Units\): *!.\n    /// @par \1\n    /// !g
s!^\( *\)/// \(Shape\|Call\|Epoch\|Errors\|Cost\|Source\): *!\1/// @par \2\n\1/// !
# It matches the bodies below a class with the name of its specialisation to the letter,
s/array<T, N>::/array<T, N, row_major>::/
# loses its way in constraints before functions without a result,
s/^requires(.*) void /void /
# and knows no specialisations of std's templates, which stand behind our namespace.
/^} .. namespace nodespan$/q
