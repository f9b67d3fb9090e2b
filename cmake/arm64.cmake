# For arm64 by Debian's cross compiler. Archives, libc's among them, and what they bring of headers are
# those of build/arm64-root, which deploy/lambda/arm64_root.sh fills: Debian's libc6-dev-arm64-cross
# gets no security updates. Other headers are this machine's, the same for every architecture.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

get_filename_component(arm64_root ${CMAKE_CURRENT_LIST_DIR}/../build/arm64-root ABSOLUTE)
set(arm64_lib ${arm64_root}/usr/lib/aarch64-linux-gnu)
# char has no sign on arm64 by itself; what is tested on x86_64 must mean the same here.
set(CMAKE_C_FLAGS_INIT "-fsigned-char -isystem ${arm64_root}/headers")
set(CMAKE_CXX_FLAGS_INIT "${CMAKE_C_FLAGS_INIT}")
# -static also for CMake's own trials: the linker scripts of a shared libc name files outside the root.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -B${arm64_lib} -L${arm64_lib}")
set(CMAKE_LIBRARY_PATH ${arm64_lib})
set(CMAKE_FIND_USE_CMAKE_SYSTEM_PATH OFF)
