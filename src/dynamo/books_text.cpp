#include "dynamo/books_text.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"

namespace mayfly::dynamo {
namespace {

constexpr std::int64_t k_version = 1;
constexpr JsonLimits k_limits{.bytes_max = 400 * 1024, .depth_max = 4};

constexpr std::int64_t k_live = 1;
constexpr std::int64_t k_counts = 2;
constexpr std::int64_t k_runner_left = 4;

json::array row_of(const Line& line) {
  const std::int64_t flags = (line.is_live ? k_live : 0) | (line.counts ? k_counts : 0) |
                             (line.runner_left ? k_runner_left : 0);
  return {line.id.text,
          line.repository,
          line.run_id,
          line.run_attempt,
          to_string(line.architecture),
          to_string(line.source),
          line.actor,
          line.head,
          line.reserved.micros,
          flags};
}

json::array row_of(const OpenLaunch& launch) {
  return {launch.lease.text, epoch_millis(launch.at)};
}

json::array row_of(WallTime at) { return {epoch_millis(at)}; }

json::array row_of(const ToldLaunch& told) {
  return {epoch_millis(told.at), to_string(told.verdict), info(told.cause).name};
}

json::array row_of(const std::pair<const InstanceId, Money>& machine) {
  return {machine.first.text, machine.second.micros};
}

json::array row_of(const std::pair<const WallTime, Money>& day) {
  return {epoch_millis(day.first), day.second.micros};
}

template <class List>
json::array rows_of(const List& list) {
  json::array rows;
  for (const auto& entry : list) rows.push_back(row_of(entry));
  return rows;
}

// Reads a row's values in order. What does not fit makes all of it bad.
class Row {
 public:
  // array: nullptr where there is none; it must outlive the row.
  explicit Row(const json::array* array) : array_(array) {}

  std::string text() {
    const json::value* value = next();
    if (value != nullptr && value->is_string()) return std::string(value->get_string());
    is_good_ = false;
    return {};
  }
  std::int64_t number() {
    const json::value* value = next();
    if (value != nullptr && value->is_int64()) return value->get_int64();
    is_good_ = false;
    return 0;
  }
  // A whole number from 0 to max.
  std::int64_t number_to(std::int64_t max) {
    const std::int64_t value = number();
    if (value < 0 || value > max) is_good_ = false;
    return value;
  }
  WallTime time() { return wall_from_epoch_millis(number()); }
  template <class T>
  T known(const std::optional<T>& value) {
    if (!value) is_good_ = false;
    return value.value_or(T{});
  }
  [[nodiscard]] bool is_read() const {
    return is_good_ && array_ != nullptr && next_ == array_->size();
  }

 private:
  const json::value* next() {
    return array_ != nullptr && next_ < array_->size() ? &(*array_)[next_++] : nullptr;
  }

  const json::array* array_;
  std::size_t next_ = 0;
  bool is_good_ = true;
};

void read(Row& row, Books& books, Line line) {
  line.id = LeaseId{row.text()};
  line.repository = row.text();
  line.run_id = row.number();
  line.run_attempt = static_cast<int>(row.number_to(INT32_MAX));
  line.architecture = row.known(parse_architecture(row.text()));
  line.source = row.known(parse_source(row.text()));
  line.actor = row.text();
  line.head = row.text();
  line.reserved = Money{row.number()};
  const std::int64_t flags = row.number_to(k_live | k_counts | k_runner_left);
  line.is_live = (flags & k_live) != 0;
  line.counts = (flags & k_counts) != 0;
  line.runner_left = (flags & k_runner_left) != 0;
  books.lines.push_back(std::move(line));
}

void read(Row& row, Books& books, OpenLaunch launch) {
  launch.lease = LeaseId{row.text()};
  launch.at = row.time();
  books.open.push_back(std::move(launch));
}

void read(Row& row, Books& books, ToldLaunch told) {
  told.at = row.time();
  told.verdict = row.known(parse_verdict(row.text()));
  // One that a newer mayfly knows is a cause of its own all the same.
  told.cause = code_named(row.text()).value_or(Code::internal);
  books.told.push_back(told);
}

// read_row(row): takes one row apart, into the books.
template <class ReadRow>
Status read_rows(const json::object& object, std::string_view name, const ReadRow& read_row) {
  const json::array* rows = json_array(object, name);
  bool is_good = rows != nullptr;
  for (std::size_t i = 0; is_good && i < rows->size(); ++i) {
    Row row((*rows)[i].if_array());
    read_row(row);
    is_good = row.is_read();
  }
  if (is_good) return {};
  return fail(Code::ledger_unavailable,
              "the books' " + std::string(name) + " cannot be understood");
}

Status read_ever(const json::object& object, Books& books) {
  Row row(json_array(object, "ever"));
  books.leases_ever = row.number();
  books.machines_ever = row.number();
  books.machines_ended = row.number();
  books.spent_ever = Money{row.number()};
  if (row.is_read()) return {};
  return fail(Code::ledger_unavailable, "the books' totals cannot be understood");
}

}  // namespace

std::string to_text(const Books& books) {
  json::object out;
  out["version"] = k_version;
  out["lines"] = rows_of(books.lines);
  out["open"] = rows_of(books.open);
  out["counted"] = rows_of(books.counted);
  out["told"] = rows_of(books.told);
  out["running"] = rows_of(books.running);
  out["ended"] = rows_of(books.ended);
  out["ever"] = json::array{books.leases_ever, books.machines_ever, books.machines_ended,
                            books.spent_ever.micros};
  return json::serialize(out);
}

Result<Books> parse_books(std::string_view text) {
  const auto document = parse_json(text, k_limits);
  const json::object* object = document ? document->if_object() : nullptr;
  const auto version = object == nullptr ? std::nullopt : json_int(*object, "version");
  if (!version) return fail(Code::ledger_unavailable, "the books cannot be understood");
  if (*version > k_version)
    return fail(Code::ledger_version, "the books have version " + std::to_string(*version));
  Books books;
  TRY(read_rows(*object, "lines", [&](Row& row) { read(row, books, Line{}); }));
  TRY(read_rows(*object, "open", [&](Row& row) { read(row, books, OpenLaunch{}); }));
  TRY(read_rows(*object, "counted", [&](Row& row) { books.counted.push_back(row.time()); }));
  TRY(read_rows(*object, "told", [&](Row& row) { read(row, books, ToldLaunch{}); }));
  TRY(read_rows(*object, "running", [&](Row& row) {
    const InstanceId id{row.text()};
    books.running[id] = Money{row.number()};
  }));
  TRY(read_rows(*object, "ended", [&](Row& row) {
    const WallTime day = row.time();
    books.ended[day] = Money{row.number()};
  }));
  TRY(read_ever(*object, books));
  return books;
}

}  // namespace mayfly::dynamo
