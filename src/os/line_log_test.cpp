#include "os/line_log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "base/json.h"
#include "os/file_descriptor.h"
#include "os/system_clock.h"
#include "os/threads.h"
#include "os/utf8.h"

namespace mayfly {
namespace {

using namespace os;

const WallTime k_at = wall_from_epoch_millis(1'795'464'930'250);

std::string line(LogForm form, std::initializer_list<LogField> fields,
                 std::string_view event = "lease-launched", LogLevel level = LogLevel::info) {
  return log_line(form, k_at, level, event, {fields.begin(), fields.size()});
}

std::string json_of(const std::string& value) { return line(LogForm::json, {{"v", value}}); }

// What a reader of the line gets back for the one field.
std::string read_back(const std::string& value) {
  const std::string text = json_of(value);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  const auto parsed = parse_json(text);
  REQUIRE(parsed);
  return json_string(parsed->as_object(), "v").value_or("(none)");
}

TEST_CASE("log: a line of JSON has the time, the level, the event and the fields in order") {
  CHECK(line(LogForm::json, {{"lease", "l-1"}, {"instance", "i-2"}}) ==
        "{\"at\":\"" + iso8601_millis(k_at) +
            "\",\"level\":\"info\",\"event\":\"lease-launched\",\"lease\":\"l-1\","
            "\"instance\":\"i-2\"}\n");
}

TEST_CASE("log: a number is one in JSON, and looks like any other value at a terminal") {
  const auto fields = {LogField::number("seconds", -7), LogField::number("percent", 80)};
  CHECK(line(LogForm::json, fields).ends_with(",\"seconds\":-7,\"percent\":80}\n"));
  CHECK(line(LogForm::human, fields).ends_with(" seconds=-7 percent=80\n"));
}

TEST_CASE("log: no value can break its line or its string") {
  for (const std::string value : {"a\nb", "a\r\nb", "say \"x\"", "back\\slash", "tab\t", "\x1b[2J",
                                  "\x7f", "\x01\x1f", "emoji \xf0\x9f\x90\x9b ö", "}{\",\""}) {
    CAPTURE(value);
    CHECK(read_back(value) == value);
  }
  CHECK(json_of("a\nb").find("a\\nb") != std::string::npos);
  CHECK(json_of("\x1b").find('\x1b') == std::string::npos);
}

TEST_CASE("log: bytes that are not UTF-8 become replacement characters") {
  const std::string replacement = "\xef\xbf\xbd";
  CHECK(read_back("a\xff"
                  "b") == "a" + replacement + "b");
  CHECK(read_back("\xc3") == replacement);                                      // cut short
  CHECK(read_back("\xc0\xaf") == replacement + replacement);                    // overlong '/'
  CHECK(read_back("\xed\xa0\x80") == replacement + replacement + replacement);  // surrogate
}

TEST_CASE("log: a long value is cut and says so") {
  const std::string back = read_back(std::string(20'000, 'x'));
  CHECK(back.size() == 8 * 1024 + 3);
  CHECK(back.ends_with("\xe2\x80\xa6"));
}

TEST_CASE("log: at a terminal no value moves the cursor or forges a field") {
  CHECK(line(LogForm::human, {{"lease", "l-1"}, {"why", "no such pool"}}) ==
        iso8601(k_at).substr(11, 8) + " info lease-launched lease=l-1 why=\"no such pool\"\n");
  const std::string hostile = line(LogForm::human, {{"v", "\x1b[2J\nx=y"}});
  CHECK(hostile.find('\x1b') == std::string::npos);
  CHECK(hostile.find('\n') == hostile.size() - 1);
  CHECK(hostile.find("v=\"") != std::string::npos);
}

TEST_CASE("log: colours only in the form that has them, and closed again") {
  CHECK(line(LogForm::human, {}).find('\x1b') == std::string::npos);
  CHECK(line(LogForm::human_in_colours, {}, "e", LogLevel::error).find("\x1b[31merror\x1b[0m") !=
        std::string::npos);
}

TEST_CASE("log: what is no terminal gets JSON") {
  const FileDescriptor null(open("/dev/null", O_WRONLY | O_CLOEXEC));
  CHECK(log_form_for(null.get()) == LogForm::json);
}

struct LogPipe {
  LogPipe() {
    std::array<int, 2> ends{};
    MAYFLY_CHECK(pipe2(ends.data(), O_CLOEXEC) == 0);
    reader = FileDescriptor(ends[0]);
    writer = FileDescriptor(ends[1]);
  }
  std::string take() {
    writer.reset();
    std::string out;
    std::array<char, 4096> chunk{};
    for (ssize_t got = 0; (got = read(reader.get(), chunk.data(), chunk.size())) > 0;)
      out.append(chunk.data(), static_cast<std::size_t>(got));
    return out;
  }
  FileDescriptor reader;
  FileDescriptor writer;
};

TEST_CASE("log: what is below the lowest level is not written") {
  SystemClock clock;
  LogPipe pipe;
  LineLog log(clock, {.fd = pipe.writer.get(), .level_min = LogLevel::warning});
  log.info("quiet");
  log.error("loud");
  const std::string out = pipe.take();
  CHECK(out.find("quiet") == std::string::npos);
  CHECK(out.find("\"event\":\"loud\"") != std::string::npos);
}

TEST_CASE("log: lines of several threads never mix") {
  SystemClock clock;
  LogPipe pipe;
  LineLog log(clock, {.fd = pipe.writer.get()});
  {
    std::vector<NamedThread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back("logger", [&log] {
        for (int i = 0; i < 50; ++i) log.info("tick", {{"pad", std::string(60, 'x')}});
      });
  }
  const std::string out = pipe.take();
  std::size_t lines = 0;
  for (std::size_t from = 0, to = 0; (to = out.find('\n', from)) != std::string::npos;
       from = to + 1, ++lines)
    CHECK(parse_json(out.substr(from, to - from)));
  CHECK(lines == 200);
}

TEST_CASE("utf8: the ends of every range are told apart") {
  CHECK(utf8_sequence("") == 0);
  CHECK(utf8_sequence("\x7f") == 1);
  CHECK(utf8_sequence("\x80") == 0);
  CHECK(utf8_sequence("\xc1\xbf") == 0);
  CHECK(utf8_sequence("\xc2\x80") == 2);
  CHECK(utf8_sequence("\xe0\x9f\xbf") == 0);
  CHECK(utf8_sequence("\xe0\xa0\x80") == 3);
  CHECK(utf8_sequence("\xed\x9f\xbf") == 3);
  CHECK(utf8_sequence("\xef\xbf\xbf") == 3);
  CHECK(utf8_sequence("\xf0\x8f\xbf\xbf") == 0);
  CHECK(utf8_sequence("\xf4\x8f\xbf\xbf") == 4);
  CHECK(utf8_sequence("\xf4\x90\x80\x80") == 0);
  CHECK(utf8_sequence("\xe2\x82") == 0);
}

}  // namespace
}  // namespace mayfly
