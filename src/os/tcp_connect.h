#pragma once

// Name lookup and TCP connect under one deadline. Private to os.
//
// getaddrinfo(3) can be neither cancelled nor given a deadline, so it runs in a thread of its own
// which is left behind when the deadline passes; it ends when the resolver gives up (resolv.conf:
// 5 s for each server and try unless told otherwise) and touches nothing of ours but its own
// result. It works in a fully static program: files and dns are inside libc (facts.md C5).

#include <string>

#include "base/result.h"
#include "os/deadline.h"
#include "os/file_descriptor.h"

namespace mayfly::os {

// A connected non-blocking socket without Nagle's delay. Addresses are tried one after the other,
// in the order of the lookup; at most 8 of them, and none but the last may take longer than 2 s.
// Code::transport_not_sent on failure.
[[nodiscard]] Result<FileDescriptor> connect_tcp(const std::string& host, const std::string& port,
                                                 const Deadline& deadline);

}  // namespace mayfly::os
