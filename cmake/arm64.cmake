# For arm64 by Debian's cross compiler. Headers that are the same everywhere are this machine's;
# archives, and headers that differ, are those of build/arm64-root, which deploy/lambda/arm64_root.sh
# fills with packages of the same versions. libc comes from there too: Debian's libc6-dev-arm64-cross
# gets no security updates.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)

get_filename_component(arm64_root ${CMAKE_CURRENT_LIST_DIR}/../build/arm64-root ABSOLUTE)
set(arm64_lib ${arm64_root}/usr/lib/aarch64-linux-gnu)
set(CMAKE_C_FLAGS_INIT "-isystem ${arm64_root}/usr/include/aarch64-linux-gnu")
set(CMAKE_CXX_FLAGS_INIT "${CMAKE_C_FLAGS_INIT}")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-B${arm64_lib} -L${arm64_lib}")
set(CMAKE_LIBRARY_PATH ${arm64_lib})
set(CMAKE_FIND_USE_CMAKE_SYSTEM_PATH OFF)
