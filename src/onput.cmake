# The four verbs that the folders use: onput_module, onput_program, onput_unit_test, onput_fuzz.

set(ONPUT_WARNINGS
    -Wall -Wextra -Werror -Wvla -Wshadow -Wpointer-arith -Wwrite-strings -Wundef -Wformat=2
    -Wno-format-nonliteral -Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition
    -Wno-missing-field-initializers)

add_library(onput_build INTERFACE)
target_compile_options(onput_build INTERFACE
    ${ONPUT_WARNINGS} -fno-strict-aliasing -fstack-protector-strong
    "SHELL:-include ${CMAKE_SOURCE_DIR}/include/onput/banned.h")
if(NOT ONPUT_SANITIZE)
    target_compile_options(onput_build INTERFACE $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
endif()
target_compile_definitions(onput_build INTERFACE _GNU_SOURCE ONPUT_VERSION="${PROJECT_VERSION}")
target_include_directories(onput_build INTERFACE ${CMAKE_SOURCE_DIR}/include)
target_link_options(onput_build INTERFACE -Wl,-z,relro,-z,now)
target_link_libraries(onput_build INTERFACE Threads::Threads)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(ONPUT_SANITIZE)
    target_compile_options(onput_build INTERFACE
        -fsanitize=${ONPUT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
    target_compile_definitions(onput_build INTERFACE ONPUT_SANITIZED=1)
    target_link_options(onput_build INTERFACE -fsanitize=${ONPUT_SANITIZE})
endif()
if(ONPUT_SANITIZE MATCHES "thread")
    target_compile_definitions(onput_build INTERFACE ONPUT_SANITIZE_THREAD=1)
endif()
if(ONPUT_FUZZ)
    target_compile_options(onput_build INTERFACE -fsanitize=fuzzer-no-link)
endif()

# onput_module(<name> SOURCES <files> [USES <modules>] [LINK <libraries>])
function(onput_module name)
    cmake_parse_arguments(M "" "" "SOURCES;USES;LINK" ${ARGN})
    add_library(onput_${name} STATIC ${M_SOURCES})
    target_include_directories(onput_${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    list(TRANSFORM M_USES PREPEND onput_)
    target_link_libraries(onput_${name} PUBLIC onput_build ${M_USES} ${M_LINK})
endfunction()

# onput_program(<name> SOURCES <files> [USES <modules>] [LINK <libraries>])
function(onput_program name)
    cmake_parse_arguments(M "" "" "SOURCES;USES;LINK" ${ARGN})
    add_executable(${name} ${M_SOURCES})
    list(TRANSFORM M_USES PREPEND onput_)
    target_link_libraries(${name} PRIVATE onput_build ${M_USES} ${M_LINK})
    target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_options(${name} PRIVATE -pie)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# onput_unit_test(<file without .c> [USES <modules>] [LINK <libraries>] [SOURCES <more files>])
# makes the target and test <folder>.<file>.
# Every test is linked with tests/support. It finds the fixtures through ONPUT_FIXTURES and the
# programs through ONPUT_BIN_DIR.
function(onput_unit_test file)
    get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
    set(name ${folder}.${file})
    cmake_parse_arguments(M "" "" "SOURCES;USES;LINK" ${ARGN})
    add_executable(${name} ${file}.c ${M_SOURCES})
    list(TRANSFORM M_USES PREPEND onput_)
    target_link_libraries(${name} PRIVATE onput_build ${M_USES} ${M_LINK} onput_test_support PkgConfig::CMOCKA)
    target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/tests)
    target_compile_definitions(${name} PRIVATE
        ONPUT_FIXTURES="${CMAKE_SOURCE_DIR}/fixtures" ONPUT_BIN_DIR="${CMAKE_BINARY_DIR}/bin")
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES TIMEOUT 120)
endfunction()

# onput_fuzz(<file without .c> USES <modules> CORPUS <folder below fixtures>)
# With ONPUT_FUZZ a libFuzzer program; otherwise a test that replays the corpus through the same entry point.
function(onput_fuzz name)
    cmake_parse_arguments(M "" "CORPUS" "USES;LINK" ${ARGN})
    list(TRANSFORM M_USES PREPEND onput_)
    if(ONPUT_FUZZ)
        add_executable(${name} ${name}.c)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
        add_test(NAME ${name}
            COMMAND ${CMAKE_SOURCE_DIR}/tests/fuzz/run.sh $<TARGET_FILE:${name}> ${CMAKE_SOURCE_DIR}/fixtures/${M_CORPUS})
        set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 900)
    else()
        add_executable(${name} ${name}.c ${CMAKE_SOURCE_DIR}/tests/fuzz/replay_main.c)
        add_test(NAME ${name} COMMAND ${name} ${CMAKE_SOURCE_DIR}/fixtures/${M_CORPUS})
        set_tests_properties(${name} PROPERTIES TIMEOUT 300)
    endif()
    target_link_libraries(${name} PRIVATE onput_build ${M_USES} ${M_LINK})
endfunction()

# Adds every folder directly below <parent> that has a CMakeLists.txt; with -DONPUT_ONLY="base;queue"
# just those, for work on a few folders while others are in pieces.
function(onput_add_folders parent)
    file(GLOB lists CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${parent}/*/CMakeLists.txt)
    foreach(list IN LISTS lists)
        get_filename_component(folder ${list} DIRECTORY)
        get_filename_component(name ${folder} NAME)
        if(ONPUT_ONLY AND NOT name IN_LIST ONPUT_ONLY)
            continue()
        endif()
        if(NOT folder STREQUAL "${CMAKE_SOURCE_DIR}/tests/unit")
            add_subdirectory(${folder})
        endif()
    endforeach()
endfunction()
