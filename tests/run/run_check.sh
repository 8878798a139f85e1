#!/usr/bin/env bash
# ./run in checkouts that are copied, moved, read-only, shared or half configured, with a project of
# one file in place of ours. run_check.sh <the script>
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
export NODESPAN_SKIP_PACKAGES=1 TMPDIR=$folder
mkdir "$folder/first"
cp "$1" "$folder/first/run"
mkdir "$folder/first/.ci"
cp "$(dirname "$1")"/.ci/on_*.sh "$folder/first/.ci"
cd "$folder/first"
cat >CMakePresets.json <<'TXT'
{"version": 3, "configurePresets": [
    {"name": "release", "generator": "Ninja", "binaryDir": "${sourceDir}/build"},
    {"name": "asan", "generator": "Ninja", "binaryDir": "${sourceDir}/build-asan"}]}
TXT
# What is found once stays so, as many a find_ command has it.
cat >CMakeLists.txt <<'TXT'
cmake_minimum_required(VERSION 3.22)
project(tiny NONE)
if(NOT DEFINED package_found)
  set(package_found FALSE)
  if(EXISTS ${PROJECT_SOURCE_DIR}/package)
    set(package_found TRUE)
  endif()
  set(package_found ${package_found} CACHE INTERNAL "")
endif()
if(NOT package_found)
  message(FATAL_ERROR "no package")
endif()
add_custom_command(OUTPUT built COMMAND ${CMAKE_COMMAND} -E copy ${PROJECT_SOURCE_DIR}/text built
                   DEPENDS ${PROJECT_SOURCE_DIR}/text)
add_custom_target(all_of_it ALL DEPENDS built)
add_custom_target(unit_tests DEPENDS built)
enable_testing()
foreach(label small large)
  add_test(NAME a.${label}.test COMMAND ${CMAKE_COMMAND} -E touch ran.${label})
  set_tests_properties(a.${label}.test PROPERTIES LABELS ${label})
endforeach()
add_test(NAME of_units COMMAND ${CMAKE_COMMAND} -E touch ran.units)
set_tests_properties(of_units PROPERTIES LABELS unit)
if(NOT DEFINED CMAKE_Fortran_COMPILER) # sticks, as check_language has it
  message(STATUS "looks for Fortran")
  set(CMAKE_Fortran_COMPILER NOTFOUND CACHE FILEPATH "")
endif()
TXT
echo first >text

fail() {
    echo "$*"
    cat out error
    exit 1
}
# expect <exit code> <words of standard error, or nothing> <command>...
expect() {
    local status=0
    "${@:3}" >out 2>error || status=$?
    [ $status = "$1" ] || fail "${*:3}: exit code $status, not $1"
    [ -z "$2" ] || grep -q -- "$2" error || fail "${*:3}: standard error does not say \"$2\""
}
# expect_built <text>: what the build folder has been made from
expect_built() {
    [ "$(cat build/built)" = "$1" ] || fail "built from \"$(cat build/built)\", not \"$1\""
}

# More than a command takes, or none that there is.
expect 2 'takes no "--target all"' ./run build --target all
expect 2 'takes no "sum"' ./run bench fence sum
expect 2 'takes no "me"' ./run help me
expect 2 'no command "biuld"' ./run biuld
expect 2 'takes one label, not "small large"' ./run test small large
expect 2 'takes a release of Debian and a command' ./run on
expect 2 'takes a release of Debian and a command' ./run on trixie
expect 2 'takes a release of Debian and a command' ./run on ../trixie test
expect 2 'there are unit tests only' ./run on aarch64 test mpi
rm -r build-aarch64
[ ! -e build ] || fail "bad usage has built something"
expect 0 '' ./run
grep -q './run build' out || fail "no help"

# A configuration that failed does not stick.
expect 1 'The configuration failed' ./run build
touch package
expect 0 'Configuring' ./run build
expect_built first
expect 0 '' ./run build
! grep -q Configuring error || fail "configured twice"

# One that was interrupted neither.
rm build/build.ninja
sed -i 's/^package_found.*/package_found:INTERNAL=FALSE/' build/CMakeCache.txt
expect 0 'Configuring' ./run build

# What ./run test is told: nothing, a label, a label and more, or options of ctest. No test at all is an error.
# expect_ran <names>: which of the tests have run since the last time
expect_ran() {
    [ "$(cd build && echo ran.*)" = "$1" ] || fail "ran: $(cd build && echo ran.*), not $1"
    rm -f build/ran.*
}
expect 0 '' ./run test
expect_ran "ran.large ran.small ran.units"
expect 0 '' ./run test small
expect_ran ran.small
expect 0 '' ./run test unit
expect_ran ran.units
expect 0 '' ./run test small -R a
expect_ran ran.small
expect 0 '' ./run test -R 'large|small'
expect_ran "ran.large ran.small"
expect 0 '' ./run test -E large -j 1
expect_ran "ran.small ran.units"
expect 2 'no test has the label "smal"' ./run test smal
grep -qx large error || fail "the labels that there are go unsaid"
expect 8 'No tests were found' ./run test -R nothing
expect_ran "ran.*"

# The sanitizers' build has a folder of its own.
expect 0 'Configuring' ./run asan small
[ -e build-asan/ran.small ] && [ ! -e build/ran.small ] || fail "the sanitizers' tests ran elsewhere"

# A compiler that has come since is looked for anew, once.
mkdir "$folder/bin"
ln -s /usr/local/bin/* /usr/bin/* "$folder/bin" 2>/dev/null || true
rm -f "$folder/bin/gfortran"
ln -sf "$(command -v true)" "$folder/gfortran"
rm -rf build
PATH=$folder/bin expect 0 'Configuring' ./run build
PATH=$folder/bin expect 0 '' ./run build
! grep -q Configuring error || fail "configured anew for nothing"
mv "$folder/gfortran" "$folder/bin"
PATH=$folder/bin expect 0 'Configuring anew' ./run build
grep -q "looks for Fortran" out || fail "what was not found once was not forgotten"
PATH=$folder/bin expect 0 '' ./run build
! grep -q Configuring error || fail "configured anew again"

# A copy builds its own files, and leaves those it was copied from alone.
cp -a ../first ../copy
cd ../copy
echo copy >text
expect 0 'Configuring' ./run build
expect_built copy
cd ../first
expect_built first

# So does one that was moved, also by another way to it.
cd ..
mv copy moved
ln -s moved link
cd moved
echo moved >text
expect 0 'Configuring' ../link/run build
expect_built moved
expect 0 '' ../link/run build
! grep -q Configuring error || fail "configured twice"

# Two at once: one waits.
echo later >text
flock build/run.lock sh -c 'touch held; sleep 2' &
until [ -e held ]; do sleep 0.1; done
expect 0 'Waiting for another ./run' ./run build
wait
expect_built later
rm -rf build
./run build >out.1 2>&1 &
first=$!
./run build >out.2 2>&1 || { cat out.2 && exit 1; }
wait $first || { cat out.1 && exit 1; }
expect_built later

# A folder that cannot be written is called so.
as_user=()
[ "$(id -u)" != 0 ] || as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
cd "$folder"
chmod -R a-w moved
expect 1 "cannot write into $folder/moved/build" "${as_user[@]}" moved/run build
chmod u+w moved
rm -rf moved/build
chmod u-w moved
expect 1 "cannot write into $folder/moved/build" "${as_user[@]}" moved/run build
chmod -R u+w moved
