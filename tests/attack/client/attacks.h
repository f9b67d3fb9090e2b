#pragma once

// What can be done to the service from outside, one function each; each prints one JSON object with
// what came of it, and its progress on standard error once a second.

#include <cstdint>
#include <string>
#include <vector>

#include "http_client.h"

namespace attack {

struct Options {
  std::uint16_t port = 0;
  std::uint64_t count = 0;
  double seconds = 0;
  double rate = 0;
  int connections = 64;
  std::uint64_t seed = 1;
  int fresh_percent = 0;         // strangers: of the asks, those for labels that nobody has used
  int unknown_percent = 0;       // likewise, for runs that there are not
  int slow = 0;                  // flood: slow clients
  int garbage = 0;               // flood: connections a second
  std::string knowledge;         // file of what is public
  std::uint64_t networks = 160;  // flood: /24 networks that it comes from
};

// What anybody can read at GitHub and in the service's public answers. The file grows while the
// attack goes on: lines of "label L", "run ID" and "lease ID INSTANCE".
struct Knowledge {
  std::vector<std::string> labels, runs;
  struct Lease {
    std::string id, instance;
  };
  std::vector<Lease> leases;

  void read(const std::string& path);
};

// Creates and destroys in every shape, claims and events, by who knows everything but the nonces.
int strangers(const Options& options);
// Requests of which every one must be refused with a 4xx.
int hostile(const Options& options);
// Callers with every right to an answer, at a rate of their own: how long it takes.
int honest(const Options& options);
// Slow headers, slow bodies, slow readers, idle connections; and what is not HTTP.
int flood(const Options& options);

}  // namespace attack
