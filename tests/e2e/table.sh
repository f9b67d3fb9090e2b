#!/usr/bin/env bash
# A server whose ledger is a table of DynamoDB: two leases live and end, and what the operator sees
# of them and of a few hundred older ones is right; without the table every page says what is wrong.
# shellcheck disable=SC1091,SC2119,SC2154,SC2317  # rig.sh, and what is called by name
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/rig.sh"

old=300
# page PATH: what the operator's browser shows.
page() { curl -s -m 10 -H 'Accept: text/html' "http://127.0.0.1:$admin_port$1"; }
status() { curl -s -m 30 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$admin_port$1"; }
page_says() { [[ $(page "$1") == *"$2"* ]]; }
metric() { page /metrics | awk -v name="$1" '$1 == name { print $2 }'; }
metric_is() { [[ $(metric "$1") == "$2" ]]; }

start_emulator --model-machines
write_config
"$mayfly" leases --config "$config" >/dev/null 2>&1
check 'there are old leases' "$root/tests/pages/fill_ledger.py" "$work/mayfly.db" $old
check 'they are copied to the table' "$root/tests/pages/copy_to_table.py" "$work/mayfly.db" mayfly
sed -i 's|^path = .*mayfly.db"$|table = "mayfly"|' "$config"
start_service

new_label
run=$(start_run "$label")
mapfile -t ids < <(ask_for_both "$run")
check 'a runner comes online' wait_until 30 lease_is "${ids[0]}" online
check 'and the other' wait_until 30 lease_is "${ids[1]}" online
is '/metrics: the ledger can be read' "$(metric mayfly_ledger_up)" 1
is '/metrics: leases ever' "$(metric mayfly_leases_created_total)" $((old + 2))
says 'the dashboard' "$(page /)" "of the newest $((old + 2)) of $((old + 2))" \
  'href="leases?state=online"'
says 'the list of leases' "$(page /leases)" "$((old + 2)) leases." "leases/${ids[0]}"
says 'what lives' "$(page '/leases?state=live')" '2 leases.' "leases/${ids[1]}"
says 'an old lease' "$(page /leases/l-00000000000000000007)" 'us-east-1a' 'asked'
says 'a live lease' "$(page "/leases/${ids[0]}")" "${ids[0]}" 'The runner is ready'
is 'a lease that is not there' "$(status /leases/l-0000000000000000ffff)" 404

end_run "$run"
check 'the leases end' wait_until 60 metric_is 'mayfly_leases{state="online"}' 0
check 'their machines are gone' wait_until 60 metric_is mayfly_machines_ended_total \
  "$(metric mayfly_machines_launched_total)"
check 'the list of what lives is empty' wait_until 20 page_says '/leases?state=live' '0 leases.'
check 'the list of what ended has them, ten seconds later' \
  wait_until 20 page_says '/leases?state=gone' "$((old + 2)) leases."

stop "$emulator" KILL
sleep 1.5 # a page is kept for a second
is 'without the table the dashboard says so' "$(status /)" 503
says 'in words' "$(page /)" 'The ledger cannot be used'
is 'and so do the metrics' "$(metric mayfly_ledger_up)" 0
stop "$service"
is 'mayfly serve stops with status 0' "$stopped" 0
finish
