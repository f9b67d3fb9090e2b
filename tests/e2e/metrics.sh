#!/usr/bin/env bash
# Metrics, with the programs that read them: promtool on what a real service answers, a real
# Prometheus that scrapes it and loads the alerts, and the dashboard's queries put to it. And what
# an operator asks after the same leases: costs, times, the audit file.
# shellcheck disable=SC1091,SC2119,SC2154,SC2317  # rig.sh, and what is called by name
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/rig.sh"

metrics() { curl -sf -m 5 "http://127.0.0.1:$admin_port/metrics"; }
# metric NAME: its value, the sum over its labels.
metric() { metrics | awk -v name="$1" '$1 == name || index($1, name "{") == 1 { sum += $2 } END { print sum + 0 }'; }
metric_is() { [[ $(metric "$1") == "$2" ]]; }

# leases_to_their_end: two runners that come online, and are then let go.
leases_to_their_end() {
  local id run_id
  new_label
  run_id=$(start_run "$label")
  mapfile -t ids < <(ask_for_both "$run_id")
  for id in "${ids[@]}"; do
    check "$id is online" wait_until 30 lease_is "$id" online
  done
}

start_prometheus() {
  prometheus_url=http://127.0.0.1:$(free_port)
  mkdir "$work/prometheus"
  cp "$root"/deploy/prometheus/*.yml "$work/prometheus"
  sed -i -e "s/127.0.0.1:9090/127.0.0.1:$admin_port/" -e 's/15s/1s/' "$work/prometheus/prometheus.yml"
  start "$work/prometheus.log" prometheus --config.file="$work/prometheus/prometheus.yml" \
    --storage.tsdb.path="$work/prometheus/data" --web.listen-address="${prometheus_url#http://}"
  wait_until 20 curl -sf -m 2 -o /dev/null "$prometheus_url/-/ready" ||
    give_up 'Prometheus starts' "$(<"$work/prometheus.log")"
}
# query EXPRESSION: the result as JSON.
query() { curl -s -m 10 --data-urlencode "query=$1" "$prometheus_url/api/v1/query"; }
value_of() { query "$1" | jq -r '.data.result[0].value[1] // "none"'; }
value_is() { [[ $(value_of "$1") == "$2" ]]; }

promtool_accepts() {
  metrics >"$work/metrics"
  check 'promtool finds nothing wrong with /metrics' promtool check metrics <"$work/metrics"
  is 'promtool says nothing at all' "$(promtool check metrics <"$work/metrics" 2>&1)" ''
  check 'promtool accepts the configuration and the alerts' \
    promtool check config "$root/deploy/prometheus/prometheus.yml"
  check 'each alert fires on what it is for' \
    promtool test rules "$root/tests/prometheus/alerts_test.yml"
  is 'no metric is labelled by lease, run or account' \
    "$(grep -cE '(lease|run|run_id|actor|repository|instance)="|l-[0-9a-f]{20}|rr-debugger' "$work/metrics")" 0
  check 'few series, however many leases' [ "$(grep -vc '^#' "$work/metrics")" -lt 400 ]
}

# all_are_metrics: of the names on standard input.
all_are_metrics() {
  local name status=0
  while read -r name; do
    grep -q "^${name}[{ ]" "$work/metrics" || { status=1; echo "    no such metric: $name"; }
  done
  return $status
}

# Grafana is not in Debian: the file is JSON, and what it asks for is what there is.
dashboard_fits() {
  local expression failed_here=0 asked=0
  check 'the dashboard is JSON, with panels' \
    jq -e '.title == "mayfly" and (.panels | length) > 10' "$root/deploy/grafana/mayfly.json"
  while IFS= read -r expression; do
    asked=$((asked + 1))
    expression=${expression//\$job/mayfly} expression=${expression//\$__rate_interval/1m}
    [[ $(query "$expression" | jq -r .status) == success ]] ||
      { failed_here=1; echo "    refused: $expression"; }
    all_are_metrics < <(grep -oE 'mayfly_[a-z_]+' <<<"$expression") || failed_here=1
  done < <(jq -r '.panels[].targets[].expr' "$root/deploy/grafana/mayfly.json")
  is "Prometheus takes the dashboard's $asked queries, of metrics that there are" "$failed_here" 0
  check 'the alerts are of metrics that there are' all_are_metrics < <(grep 'expr:' \
    "$root/deploy/prometheus/alerts.yml" | grep -oE 'mayfly_[a-z_]+' | sort -u)
}

prometheus_reads() {
  check 'Prometheus scrapes the service' wait_until 15 value_is 'up{job="mayfly"}' 1
  check 'and has its figures' wait_until 5 value_is 'sum(mayfly_leases_created_total)' 2
  is 'and loaded the alerts' \
    "$(curl -s -m 5 "$prometheus_url/api/v1/rules" | jq '[.data.groups[].rules[].name] | length')" \
    "$(grep -c 'alert: ' "$root/deploy/prometheus/alerts.yml")"
  is 'of which none is in trouble' "$(curl -s -m 5 "$prometheus_url/api/v1/rules" |
    jq -r '[.data.groups[].rules[] | select(.health == "err") | .name] | join(" ")')" ''
}

figures() {
  is 'two leases were made' "$(metric mayfly_leases_created_total)" 2
  is 'two machines run' "$(metric mayfly_machines)" 2
  is 'two runners came online, each with its time' \
    "$(metric mayfly_time_to_runner_seconds_count)" 2
  is 'and its stages' "$(metric mayfly_stage_seconds_count)" 12
  check 'the asks were answered' grep -q '^mayfly_answers_total{code="ok"} [1-9]' "$work/metrics"
  curl -s -o /dev/null "$url/nowhere"
  is 'a refusal counts by its code' \
    "$(metrics | sed -n 's/^mayfly_answers_total{code="no-such-path"} //p')" 1
  check 'calls to GitHub and AWS are counted' \
    grep -q '^mayfly_upstream_calls_total{to="aws",answer="2xx"} [1-9]' "$work/metrics"
}

survives_a_restart() {
  for id in "${ids[@]}"; do "$mayfly" release "$id" --config "$config" >"$work/out"; done
  for id in "${ids[@]}"; do check "$id is gone" wait_until 30 lease_is "$id" gone; done
  is 'launched = ended' "$(metric mayfly_machines_launched_total) $(metric mayfly_machines_ended_total)" '2 2'
  local spent
  spent=$(metric mayfly_spent_usd_total)
  stop "$service"
  start_service
  is 'after a restart what the ledger counts is the same' \
    "$(metric mayfly_leases_created_total) $(metric mayfly_machines_ended_total) $(metric mayfly_spent_usd_total)" \
    "2 2 $spent"
  is 'and what the process counts begins again' "$(metric mayfly_time_to_runner_seconds_count)" 0
}

costs_and_times() {
  local out
  out=$("$mayfly" costs --config "$config" 2>&1)
  says 'costs: by repository' "$out" REPOSITORY 'rr-debugger/rr  2       2' total
  out=$("$mayfly" costs --by workflow --config "$config" 2>&1)
  says 'costs: by workflow' "$out" 'rr-debugger/rr .github/workflows/'
  for by in pr actor arch market; do
    is "costs: by $by, the whole money" "$("$mayfly" costs --by "$by" --json --config "$config" |
      jq '([.rows[].spent_usd_at_most | tonumber] | add * 1000000 | round) ==
        (.total.spent_usd_at_most | tonumber * 1000000 | round) and .total.machines == 2')" true
  done
  out=$("$mayfly" costs --times --config "$config" 2>&1)
  says 'costs --times: by architecture and image' "$out" 'x86_64 ami-' 'arm64 ami-' \
    '= runner online' boot P99
  says 'costs --markdown' "$("$mayfly" costs --markdown --config "$config")" \
    "# Runners of \`e2e\`" '## By pr' "| \`rr-debugger/rr\` | 2 | 2 |"
  is 'costs --csv: what a spreadsheet reads' "$("$mayfly" costs --csv --by arch --config "$config" |
    python3 -c 'import csv, sys; rows = list(csv.DictReader(sys.stdin)); print(len(rows), [r["what"] for r in rows][-1], sum(int(r["machines"]) for r in rows))')" '3 total 4'
  is 'costs of a month before' "$("$mayfly" costs --month 2020-01 --json --config "$config" |
    jq -c '[.month, .total.machines]')" '["2020-01",0]'
  "$mayfly" costs --month 2020-13 --config "$config" >"$work/out" 2>&1
  is 'costs of no month: exit status 2' "$?" 2
}

# The owner's key is made, and the proof checked, with programs that are not ours.
audit_file() {
  local proof=$work/audit.jsonl
  openssl genpkey -algorithm ed25519 -out "$work/audit.key" 2>"$work/out"
  openssl pkey -in "$work/audit.key" -pubout -out "$work/audit.pub"
  check 'audit --export' "$mayfly" audit --export "$proof" --sign-with "file:$work/audit.key" \
    --config "$config"
  check 'audit --export again adds to it' "$mayfly" audit --export "$proof" \
    --sign-with "file:$work/audit.key" --config "$config"
  is 'begin, two machines, two ends, two seals' "$(jq -r .kind "$proof" | sort | uniq -c | xargs)" \
    '1 begin 2 ended 2 launched 2 seal'
  check 'audit --verify' "$mayfly" audit --verify "$proof" --key "$work/audit.pub"
  is 'audit --verify --json' "$("$mayfly" audit --verify "$proof" --key "$work/audit.pub" --json |
    jq -c '[.launched, .ended, .running, .adds_up, .problems]')" '[2,2,[],true,[]]'
  tail -n 1 "$proof" | sed 's/,"signature":.*//' | tr -d '\n' >"$work/signed"
  tail -n 1 "$proof" | jq -r .signature | base64 -d >"$work/signature"
  check "OpenSSL agrees with the seal" openssl pkeyutl -verify -pubin -inkey "$work/audit.pub" \
    -rawin -in "$work/signed" -sigfile "$work/signature"
  is 'sha256sum agrees with the chain' "$(sed -n 2p "$proof" | tr -d '\n' | sha256sum | cut -d' ' -f1)" \
    "$(sed -n 3p "$proof" | jq -r .prev)"
  is 'no secret is in it' "$(grep -cE "$GITHUB_TOKEN|$AWS_SECRET_ACCESS_KEY|PRIVATE" "$proof")" 0
  sed '/"kind":"ended"/d' "$proof" >"$work/forged"
  "$mayfly" audit --verify "$work/forged" --key "$work/audit.pub" >"$work/out"
  is 'a file with lines left out: exit status 1' "$?" 1
  says 'a file with lines left out: what is wrong' "$(<"$work/out")" 'WRONG line' 'DOES NOT ADD UP'
  "$mayfly" audit --export "$work/forged" --config "$config" >"$work/out" 2>&1
  is 'nothing is added to a file that does not add up' "$? $(grep -c 'nothing is added' "$work/out")" '1 1'
}

# Only the programs, from Debian's package: installed, it would start a server of its own.
get_prometheus() {
  local into=$root/build/prometheus
  [[ ! -x $into/usr/bin/promtool ]] || return 0
  rm -rf "$into" && mkdir -p "$into/package" || return
  (cd "$into/package" && { apt-get -q download prometheus || { apt-get -q update &&
    apt-get -q download prometheus; }; } && dpkg-deb -x prometheus_*.deb "$into")
}

need_tools() {
  local tool
  for tool in prometheus promtool jq openssl; do
    command -v "$tool" >"$work/out" || give_up "$tool is installed"
  done
}

check 'Prometheus is there' get_prometheus
export PATH=$root/build/prometheus/usr/bin:$PATH
need_tools
start_emulator
write_config
start_service
start_prometheus
leases_to_their_end
promtool_accepts
figures
prometheus_reads
dashboard_fits
survives_a_restart
costs_and_times
audit_file
finish
