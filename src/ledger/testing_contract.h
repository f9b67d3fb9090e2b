#pragma once

// The laws that every ledger keeps (contract_*_test.cpp), whatever stores it. A kind of ledger
// joins by a line in ledger_kinds(); each law then runs on it, with a fresh store.

#include <doctest/doctest.h>

#include <memory>
#include <span>

#include "ledger/ledger.h"

namespace mayfly::testing {

// One place where leases are kept. What one ledger of it writes, another one reads.
class LedgerStore {
 public:
  LedgerStore() = default;
  LedgerStore(const LedgerStore&) = delete;
  LedgerStore& operator=(const LedgerStore&) = delete;
  virtual ~LedgerStore() = default;

  [[nodiscard]] virtual std::unique_ptr<Ledger> open() = 0;
};

struct LedgerKind {
  const char* name;
  std::unique_ptr<LedgerStore> (*make)();
};

[[nodiscard]] std::span<const LedgerKind> ledger_kinds();

// law(LedgerStore&), on a fresh store of each kind.
template <class Law>
void on_each_store(const Law& law) {
  for (const LedgerKind& kind : ledger_kinds()) {
    CAPTURE(kind.name);
    const auto store = kind.make();
    law(*store);
  }
}

// law(Ledger&), on an empty ledger of each kind.
template <class Law>
void on_each_ledger(const Law& law) {
  on_each_store([&](LedgerStore& store) {
    const auto ledger = store.open();
    law(*ledger);
  });
}

}  // namespace mayfly::testing
