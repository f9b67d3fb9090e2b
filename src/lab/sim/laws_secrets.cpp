// No secret anywhere but where it belongs. Each secret is a canary: the tokens and keys that the
// servers hold, every JIT configuration that GitHub made, every claim nonce and claim key.

#include <deque>

#include "base/json.h"
#include "base/text.h"
#include "lab/aws/query_form.h"
#include "lab/sim/canaries.h"
#include "lab/sim/laws.h"
#include "lab/sim/sim_world.h"
#include "lease/enforce.h"

namespace mayfly::lab::sim {
namespace {

// The text of the first element of that name.
std::string element_of(const std::string& xml, const std::string& name) {
  const std::string open = "<" + name + ">";
  const std::size_t begin = xml.find(open);
  if (begin == std::string::npos) return {};
  const std::size_t from = begin + open.size();
  return xml.substr(from, xml.find('<', from) - from);
}

std::string nonce_in(const std::string& body) {
  const auto form = QueryForm::parse(body);
  if (!form) return {};
  for (const QueryForm& specification : form->items("TagSpecification"))
    for (const QueryForm& tag : specification.items("Tag"))
      if (tag.text("Key") == k_tag_claim) return tag.text("Value");
  return {};
}

constexpr std::size_t k_last_lines = 500;

std::string field_of(const std::string& body, const char* key) {
  const auto parsed = parse_json(body, upstream_json_limits());
  if (!parsed || !parsed->is_object()) return {};
  return json_string(parsed->get_object(), key).value_or("");
}

class SecretsLaw final : public Law {
 public:
  explicit SecretsLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "no secret anywhere but where it belongs"; }

  void before(SimWorld& world, std::string_view who, std::string_view call,
              const HttpRequest& request) override {
    learn_fixed(world);
    const bool is_launch = call == "CreateFleet";
    const std::string nonce = is_launch ? nonce_in(request.body) : "";
    if (is_launch && canaries_.add(nonce, "a claim nonce")) judge_last_lines(world, nonce);
    const std::string which = std::string(who) + "'s " + std::string(call);
    judge(world, request.url, {}, which);
    const bool is_identity = call == "AssumeRoleWithWebIdentity";
    // What goes into a table is judged as the ledger that it is.
    if (!is_identity && call != k_table_write) judge(world, request.body, nonce, which);
    const bool is_to_github = request.url.starts_with(k_github_url);
    for (const Header& header : request.headers) {
      const bool is_its_place = is_to_github ? header.name == "Authorization"
                                             : to_lower(header.name) == "x-amz-security-token";
      if (!is_its_place) judge(world, header.value, {}, which + ", header " + header.name);
    }
    if (is_to_github && request.headers.find("Authorization"))
      expect(aws_.find_in(*request.headers.find("Authorization")) == std::nullopt, world,
             which + ": GitHub is told a key of AWS's");
  }

  void after(SimWorld& world, const Exchange& exchange) override {
    if (exchange.edge == Edge::api) return after_answer(world, exchange);
    if (exchange.done == nullptr) return;
    const std::string& body = exchange.done->body;
    if (exchange.call.ends_with("/generate-jitconfig"))
      canaries_.add(field_of(body, "encoded_jit_config"), "a JIT configuration");
    if (exchange.call == "AssumeRoleWithWebIdentity") {
      add_aws(element_of(body, "SecretAccessKey"), "a temporary AWS secret key");
      add_aws(element_of(body, "SessionToken"), "an AWS session token");
    }
  }

  void log_line(SimWorld& world, const CapturingLog::Line& line) override {
    for (const auto& [field, value] : line.fields) {
      judge(world, value, {}, "the log's " + field);
      last_lines_.push_back(value);
    }
    while (last_lines_.size() > k_last_lines) last_lines_.pop_front();
  }

  void look(SimWorld& world) override {
    learn_fixed(world);
    books_->refresh(world);
    const auto& changes = books_->machine_changes();
    for (; read_ < changes.size(); ++read_)
      if (changes[read_].kind == MachineChange::Kind::started)
        if (const auto instance = world.aws->find(changes[read_].id)) inspect(world, *instance);
    const auto& leases = books_->lease_changes();
    for (; leases_read_ < leases.size(); ++leases_read_) inspect(world, leases[leases_read_].after);
  }

  void healed(SimWorld& world) override { inspect_ledger(world); }
  void ended(SimWorld& world) override { inspect_ledger(world); }

 private:
  void judge(SimWorld& world, std::string_view text, std::string_view allowed,
             const std::string& where) {
    held();
    if (const auto found = canaries_.find_in(text, allowed))
      broken(world, *found + " is in " + where);
  }

  // A nonce is made before anybody outside can see it.
  void judge_last_lines(SimWorld& world, const std::string& nonce) {
    for (const std::string& value : last_lines_)
      expect(value.find(nonce) == std::string::npos, world, "a claim nonce is in the log");
  }

  void add_aws(const std::string& value, const std::string& what) {
    canaries_.add(value, what);
    aws_.add(value, what);
  }

  void learn_fixed(SimWorld& world) {
    if (std::exchange(knows_fixed_, true)) return;
    canaries_.add(k_github_token, "the GitHub token");
    canaries_.add(k_identity_token, "the identity token");
    canaries_.add(k_webhook_secret, "the webhook's secret");
    canaries_.add("ghs_" + GithubApp().id + "_", "an App's token");
    canaries_.add(std::string(emulated_app_key().substr(200, 40)), "the App's key");
    world.aws->configure([&](const FakeAwsOptions& options) {
      for (const AccessKey& key : options.keys) {
        add_aws(key.secret, "the AWS secret key");
        add_aws(key.session_token, "an AWS session token");
      }
    });
  }

  // What comes back to a caller, and what a caller gives away itself, which is then no secret.
  void after_answer(SimWorld& world, const Exchange& exchange) {
    const bool is_claim = exchange.call == "POST /v1/claims";
    if (!is_claim) {
      for (const std::string& told : canaries_.values_in(exchange.request.body))
        canaries_.remove(told);
    }
    for (const std::string& told : canaries_.values_in(exchange.request.url))
      canaries_.remove(told);
    if (is_claim) canaries_.add(field_of(exchange.request.body, "claim_key"), "a claim key");
    if (exchange.done == nullptr) return;
    const std::string which = "the answer to " + std::string(exchange.call);
    judge(world, exchange.done->body, is_claim ? jit_in(exchange.done->body) : "", which);
    for (const Header& header : exchange.done->headers) judge(world, header.value, {}, which);
  }

  static std::string jit_in(const std::string& body) {
    const std::string word = "jit_config ";
    for (const std::string& line : split(body, '\n'))
      if (line.starts_with(word)) return line.substr(word.size());
    return {};
  }

  void inspect(SimWorld& world, const FakeInstance& instance) {
    judge(world, instance.spec.user_data, {}, "user data");
    for (const auto& [key, value] : instance.spec.tags)
      if (key != k_tag_claim) judge(world, value, {}, "the tag " + key);
  }

  // The nonce stands in the intent's bytes while the launch's answer is outstanding.
  void inspect(SimWorld& world, const Lease& lease) {
    const std::string nonce = lease.launch.pending ? nonce_in(lease.launch.request) : "";
    judge(world, lease.launch.request, nonce, "the ledger's launch request");
    for (const std::string* text :
         {&lease.label, &lease.actor, &lease.reason, &lease.runner_name,
          &lease.launch.client_token.text, &lease.launch.nonce_sha256, &lease.claim_key_sha256})
      judge(world, *text, {}, "a lease of the ledger");
    for (const std::string& label : lease.labels) judge(world, label, {}, "a lease's labels");
  }

  void inspect_ledger(SimWorld& world) {
    constexpr int k_all = 1'000'000;
    const auto leases = world.ledger().recent(k_all);
    if (!leases) return;
    for (const Lease& lease : *leases) {
      inspect(world, lease);
      const auto events = world.ledger().events(lease.id);
      if (!events) continue;
      for (const LeaseEvent& event : *events)
        judge(world, event.detail, {}, "the timeline of a lease");
    }
    const auto fact = world.ledger().fact("launch-template");
    if (fact && *fact) judge(world, **fact, {}, "a fact of the ledger");
  }

  SharedBooks books_;
  std::size_t read_ = 0, leases_read_ = 0;
  bool knows_fixed_ = false;
  Canaries canaries_;
  Canaries aws_;
  std::deque<std::string> last_lines_;  // of the log, their values
};

}  // namespace

std::unique_ptr<Law> make_secrets_law(SharedBooks books) {
  return std::make_unique<SecretsLaw>(std::move(books));
}

}  // namespace mayfly::lab::sim
