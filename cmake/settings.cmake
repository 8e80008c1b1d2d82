# Settings as an interface target that every target of ours links.
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(TASKMIRROR_WERROR "treat warnings as errors" OFF)
option(TASKMIRROR_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(TASKMIRROR_HARDEN "code that stops where memory would be broken; not beside sanitizers" ON)

add_library(taskmirror_settings INTERFACE)
target_compile_features(taskmirror_settings INTERFACE cxx_std_20)
target_compile_options(taskmirror_settings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor)
# GCC 12 warns of std::string's own overlap checks where it inlines them: https://gcc.gnu.org/bugzilla/show_bug.cgi?id=105651
target_compile_options(taskmirror_settings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(TASKMIRROR_WERROR)
    target_compile_options(taskmirror_settings INTERFACE -Werror)
endif()
if(TASKMIRROR_SANITIZE)
    target_compile_options(taskmirror_settings INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(taskmirror_settings INTERFACE -fsanitize=address,undefined)
endif()
# What the OpenSSF advises, as far as GCC 12 and clang 14 know it; tests/hardening_test.py looks at the result.
if(TASKMIRROR_HARDEN AND NOT TASKMIRROR_SANITIZE)
    target_compile_options(taskmirror_settings INTERFACE
        -fstack-protector-strong -fstack-clash-protection -fPIE -Wformat=2 -Werror=format-security
        # Without -U the compiler may have a weaker one of its own.
        -D_GLIBCXX_ASSERTIONS "$<$<NOT:$<CONFIG:Debug>>:SHELL:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3>")
    target_link_options(taskmirror_settings INTERFACE -pie LINKER:-z,relro,-z,now,-z,noexecstack)
    # Of no effect while a library that is linked in lacks it, as Debian 12's libSQLiteCpp.a does.
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64")
        target_compile_options(taskmirror_settings INTERFACE -fcf-protection=full)
    elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
        target_compile_options(taskmirror_settings INTERFACE -mbranch-protection=standard)
    endif()
    # The same program from any folder.
    target_compile_options(taskmirror_settings INTERFACE -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
endif()
