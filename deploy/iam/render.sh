#!/usr/bin/env bash
# Fills the placeholders of a policy in this directory and prints it.
#
#   render.sh POLICY --account ID --region NAME --deployment NAME
#             [--subnet ID]... [--security-group ID]... [--parameter NAME]... [--table NAME]
#
# POLICY is service, enforcer or table: the last is for whoever keeps the ledger in a DynamoDB table,
# beside the service's. Subnets and security groups are those of the configuration's [aws];
# parameters are what it names "ssm:..." and an image's ssm_parameter outside of /aws/service/. A
# line of the policy that stands for such a list is repeated for each of its members.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")

die() { printf 'render.sh: %s\n' "$*" >&2; exit 2; }
# take NAME VALUE PATTERN: the value, which must fit the whole pattern; it goes into JSON and sed.
take() {
  [[ $2 =~ ^($3)$ ]] || die "$1 cannot be \"$2\""
  printf '%s\n' "$2"
}
# repeat PLACEHOLDER VALUE...: the lines that hold the placeholder, once for each value.
repeat() {
  local placeholder=$1 line value
  shift
  while IFS= read -r line; do
    if [[ $line != *"$placeholder"* ]]; then
      printf '%s\n' "$line"
      continue
    fi
    for value; do printf '%s\n' "${line/"$placeholder"/"$value"}"; done
  done
}

policy=${1:-} account='' region='' deployment='' table=''
subnets=() groups=() parameters=()
[[ $policy =~ ^(service|enforcer|table)$ ]] || die 'the first word is service, enforcer or table'
shift
while [[ $# -gt 0 ]]; do
  [[ $# -ge 2 ]] || die "$1 needs a value"
  case $1 in
    --account) account=$(take "$1" "$2" '[0-9]{12}') ;;
    --region) region=$(take "$1" "$2" '[a-z]{2}(-[a-z]+)+-[0-9]') ;;
    --deployment) deployment=$(take "$1" "$2" '[a-z0-9-]{1,32}') ;;
    --subnet) subnets+=("$(take "$1" "$2" 'subnet-[0-9a-f]+')") ;;
    --security-group) groups+=("$(take "$1" "$2" 'sg-[0-9a-f]+')") ;;
    --parameter) parameters+=("$(take "$1" "${2#/}" '[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*')") ;;
    --table) table=$(take "$1" "$2" '[A-Za-z0-9_.-]{3,255}') ;;
    *) die "no such option: $1" ;;
  esac
  shift 2
done
[[ -n $account && -n $region && -n $deployment ]] ||
  die '--account, --region and --deployment are needed'
[[ $policy != table || -n $table ]] || die 'the table needs --table'
[[ $policy != service || (${#subnets[@]} -gt 0 && ${#groups[@]} -gt 0) ]] ||
  die 'the service needs --subnet and --security-group'

sed -e "s/ACCOUNT_ID/$account/g" -e "s/REGION/$region/g" -e "s/DEPLOYMENT/$deployment/g" \
  -e "s/TABLE_NAME/$table/g" \
  "$here/$policy-policy.json" |
  repeat SUBNET_ID "${subnets[@]}" |
  repeat SECURITY_GROUP_ID "${groups[@]}" |
  repeat PARAMETER "${parameters[@]}"
