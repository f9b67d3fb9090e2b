#include "lab/switchboard.h"

namespace mayfly::lab {

void Switchboard::connect(const std::string& prefix, HttpService& service) {
  const std::scoped_lock lock(mutex_);
  services_[prefix] = &service;
}

HttpResponse Switchboard::handle(const HttpRequest& request) {
  HttpService* found = nullptr;
  {
    const std::scoped_lock lock(mutex_);
    std::size_t longest = 0;
    for (const auto& [prefix, service] : services_) {
      if (!request.url.starts_with(prefix) || prefix.size() <= longest) continue;
      found = service;
      longest = prefix.size();
    }
  }
  if (found != nullptr) return found->handle(request);
  HttpResponse response;
  response.status = 503;
  response.body = "the emulator is still starting\n";
  return response;
}

HttpResponse FileService::handle(const HttpRequest&) {
  HttpResponse response;
  response.headers.add("Content-Type", content_type_);
  response.body = bytes_;
  return response;
}

}  // namespace mayfly::lab
