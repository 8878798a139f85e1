# The program in the README is apps/examples/first.cpp, to the letter. Needs -DROOT.
file(READ ${ROOT}/README.md readme)
file(READ ${ROOT}/apps/examples/first.cpp program)
string(FIND "${readme}" "${program}" at)
if(at EQUAL -1)
  message(FATAL_ERROR "README.md does not show apps/examples/first.cpp as it is")
endif()
