#include "lab/recorder.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>

#include "base/json.h"
#include "base/text.h"

namespace mayfly::lab {
namespace {

json::object as_object(const Headers& headers) {
  json::object out;
  for (const Header& header : headers)
    if (to_lower(header.name) != "authorization") out[header.name] = header.value;
  return out;
}

}  // namespace

Result<std::unique_ptr<Recorder>> Recorder::open(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr)
    return fail(Code::internal, "cannot write " + path + ": " + std::strerror(errno));
  return std::unique_ptr<Recorder>(new Recorder(file));
}

Recorder::~Recorder() { std::fclose(file_); }

void Recorder::note(const HttpRequest& request, const HttpResponse& response) {
  const std::string line =
      json::serialize(json::object{{"method", request.method},
                                   {"url", request.url},
                                   {"request_headers", as_object(request.headers)},
                                   {"request_body", request.body},
                                   {"status", response.status},
                                   {"response_headers", as_object(response.headers)},
                                   {"response_body", response.body}}) +
      "\n";
  const std::scoped_lock lock(mutex_);
  std::fwrite(line.data(), 1, line.size(), file_);
  std::fflush(file_);
}

}  // namespace mayfly::lab
