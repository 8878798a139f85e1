# A program that a page shows is the compiled one, to the letter. Needs -DPAGE and -DPROGRAM.
file(READ ${PAGE} page)
file(READ ${PROGRAM} program)
string(FIND "${page}" "${program}" at)
if(at EQUAL -1)
  message(FATAL_ERROR "${PAGE} does not show ${PROGRAM} as it is")
endif()
