#!/usr/bin/env bash
# From an AWS account and a configuration to mayfly running on Lambda; run again, to the new program
# or configuration. `./dev deploy` builds the program and calls this.
#
#   deploy.sh --binary FILE [CONFIG] [OPTION...]      put it there, or bring it up to date
#   deploy.sh --off [CONFIG] [OPTION...]              the kill switch: answer nobody, launch nothing
#
#   CONFIG                 mayfly.toml, which stays as it is: the stack's values go into a copy
#   --token-file FILE      put the GitHub token into SSM as github.token names it, or an App's private key as
#                          github.app_private_key does; - is standard input
#   --concurrency N|none   copies at once (10, or what the account's quota leaves); none reserves nothing
#   --arch x86_64|arm64    of the program (x86_64)
#   --ca-bundle FILE       certificate authorities into the zip, to be believed instead of Lambda's own
#   --alarm-topic ARN      the SNS topic that alarms go to; without it, as it was
#   --metrics all|alarms   which CloudWatch makes; all cost more (alarms); without it, as it was
#   --stack NAME           mayfly-DEPLOYMENT
#   --bucket NAME          DEPLOYMENT-ACCOUNT-REGION, made if it is not there
#   --work DIR             where the filled configuration and the zip are left (build/lambda)
#
# Account, region and credentials are those of the AWS CLI (AWS_PROFILE, AWS_REGION, ...). Each step
# looks first whether it is done: after an interruption, run it again. Exit status 0: it runs (or is
# off); 1: AWS refused or failed, or it does not run; 2: nothing was begun, and why.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
template=$here/../cloudformation.yaml
export AWS_PAGER=

say() { printf '%s\n' "$*"; }
fail() { printf 'deploy.sh: %s\n' "$*" >&2; exit 1; }
refuse() { printf 'deploy.sh: %s\n' "$1" >&2; printf '  %s\n' "${@:2}" >&2; exit 2; }

config=mayfly.toml binary='' token_file='' concurrency='' arch=x86_64 bundle='' topic='' metrics='' off=no
stack='' bucket='' work=$here/../../build/lambda

take_options() {
  local is_named=no
  while [[ $# -gt 0 ]]; do
    case $1 in
      --help | -h) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$here/deploy.sh"; exit 0 ;;
      --off) off=yes; shift; continue ;;
      --*) [[ $# -ge 2 ]] || refuse "$1 needs a value" ;;
      *) [[ $is_named == no ]] || refuse "one configuration, not also $1"
         config=$1 is_named=yes; shift; continue ;;
    esac
    case $1 in
      --binary) binary=$2 ;;
      --token-file) token_file=$2 ;;
      --concurrency) concurrency=$2 ;;
      --arch) arch=$2 ;;
      --ca-bundle) bundle=$2 ;;
      --alarm-topic) topic=$2 ;;
      --metrics) metrics=$2 ;;
      --stack) stack=$2 ;;
      --bucket) bucket=$2 ;;
      --work) work=$2 ;;
      *) refuse "no such option: $1" 'deploy.sh --help lists them' ;;
    esac
    shift 2
  done
  [[ $concurrency =~ ^(|none|0|[1-9][0-9]{0,2})$ ]] || refuse '--concurrency is a number up to 999, or none'
  [[ $arch =~ ^(x86_64|arm64)$ ]] || refuse '--arch is x86_64 or arm64'
  [[ $metrics =~ ^(|all|alarms)$ ]] || refuse '--metrics is all or alarms'
  [[ $off == yes || -f $binary ]] || refuse '--binary FILE is needed: the program, as ./dev build makes it'
}

# --- What is asked before anything is done

read_config() {
  local values key value
  values=$("$here/configuration.py" read "$config") || refuse "$config cannot be deployed as it is"
  while IFS='=' read -r key value; do
    case $key in
      deployment) deployment=$value ;;
      region) region=$value ;;
      token_parameter) token_parameter=$value ;;
      admin_token_parameter) admin_token_parameter=$value ;;
      subnets) read -ra subnets <<<"$value" ;;
    esac
  done <<<"$values"
  stack=${stack:-mayfly-$deployment}
}

check_account() {
  local cli_region
  command -v aws >/dev/null || refuse 'the AWS CLI is not here' 'apt-get install awscli'
  account=$(aws sts get-caller-identity --query Account --output text) ||
    refuse 'AWS does not accept the credentials, or there are none' \
      'aws configure, or AWS_PROFILE=..., and then: aws sts get-caller-identity'
  cli_region=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region || true)}}
  [[ $cli_region == "$region" ]] ||
    refuse "the AWS CLI works in \"$cli_region\", the configuration in \"$region\"" \
      "AWS_REGION=$region, or another aws.region in $config"
  bucket=${bucket:-$deployment-$account-$region}
}

find_vpc() {
  vpc=$(aws ec2 describe-subnets --subnet-ids "${subnets[@]}" --query 'Subnets[].VpcId' \
    --output text) || refuse "aws.subnet_ids: EC2 does not know them all in $region"
  vpc=$(tr -s '[:space:]' '\n' <<<"$vpc" | sort -u)
  [[ $vpc =~ ^vpc-[0-9a-f]+$ ]] || refuse 'aws.subnet_ids lie in several VPCs' \
    'name subnets of one: the runners have one security group'
}

# Sets stack_status (none without one), stack_concurrency, stack_deployment, public_url, group, table.
look_at_stack() {
  local said kind key value
  stack_status=none stack_concurrency=0 stack_deployment='' public_url='' group='' table=''
  if ! said=$(aws cloudformation describe-stacks --stack-name "$stack" --output text --query \
    "Stacks[0].[[['s','status',StackStatus]],Parameters[].['p',ParameterKey,ParameterValue],
      Outputs[].['o',OutputKey,OutputValue]][]" 2>&1); then
    [[ $said == *"does not exist"* ]] || fail "the stack $stack: $said"
    return 0
  fi
  while IFS=$'\t' read -r kind key value; do
    case $kind:$key in
      s:status) stack_status=$value ;;
      p:Concurrency) stack_concurrency=$value ;;
      p:Deployment) stack_deployment=$value ;;
      o:PublicUrl) public_url=${value%/} ;;
      o:SecurityGroup) group=$value ;;
      o:Table) table=$value ;;
    esac
  done <<<"$said"
}

# Waits for what an interrupted run, or somebody else, has begun.
settle_stack() {
  local turns=0
  look_at_stack
  while [[ $stack_status == *_IN_PROGRESS && $stack_status != REVIEW_IN_PROGRESS ]]; do
    ((turns % 6 > 0)) || say "The stack $stack is at work ($stack_status): waiting for it ..."
    ((++turns < 360)) || fail "the stack $stack is still at work: $stack_status"
    sleep "${MAYFLY_POLL_SECONDS:-10}"
    look_at_stack
  done
  [[ -z $stack_deployment || $stack_deployment == "$deployment" ]] ||
    refuse "the stack $stack is of deployment $stack_deployment, the configuration of $deployment" \
      'another --stack, or the configuration that it was made with'
  case $stack_status in
    none | *_COMPLETE | REVIEW_IN_PROGRESS) ;;
    *) refuse "the stack $stack is stuck: $stack_status" \
      'see its events in the CloudFormation console, mend it there, and run this again' ;;
  esac
}

# Sets reserve: what Concurrency becomes. AWS keeps 100 copies of an account unreserved, and refuses
# a reservation that would leave fewer; a new account may have no more than 10 in all.
choose_concurrency() {
  local quota unreserved ours left
  read -r quota unreserved < <(aws lambda get-account-settings --output text --query \
    'AccountLimit.[ConcurrentExecutions,UnreservedConcurrentExecutions]') || true
  [[ ${quota:-} =~ ^[0-9]+$ && ${unreserved:-} =~ ^[0-9]+$ ]] || fail "Lambda did not tell its quota"
  ours=$stack_concurrency
  ((ours > 0)) || ours=0
  left=$((unreserved + ours - 100))
  ((left > 0)) || left=0
  reserve=$concurrency
  if [[ $concurrency == none ]]; then
    reserve=-1
  elif [[ -n $concurrency ]]; then
    ((concurrency == 0 || concurrency <= left)) ||
      refuse "the account may run $quota copies of Lambdas at once; $left of them can be reserved" \
        "--concurrency none, or a higher quota: Service Quotas, AWS Lambda, Concurrent executions"
  elif ((left >= 2)); then
    reserve=$((left < 10 ? left : 10))
  else
    reserve=-1
    say "The account may run $quota Lambdas at once, too few to reserve any: all of them may be"
    say "mayfly's. A flood of requests can then keep the second enforcer waiting. Ask for a quota of"
    say "110 or more (Service Quotas, AWS Lambda, Concurrent executions) and run this again."
  fi
}

# --- The steps

# The token goes through a pipe: into no file, no argument and no environment.
put_token() {
  local token='' kind
  if [[ -z $token_file ]]; then
    kind=$(aws ssm get-parameter --name "$token_parameter" --query Parameter.Type --output text) ||
      refuse "there is no GitHub token in SSM at $token_parameter" \
        '--token-file FILE puts it there; docs/permissions.md says what it must allow'
    [[ $kind == SecureString ]] || refuse "$token_parameter in SSM is no SecureString, but a $kind" \
      '--token-file FILE writes it anew, after: aws ssm delete-parameter --name NAME'
    return 0
  fi
  { set +x; } 2>/dev/null
  [[ $token_file != - ]] || token_file=/dev/stdin
  [[ -r $token_file && ! -d $token_file ]] || refuse "--token-file $token_file cannot be read"
  token=$(<"$token_file")
  [[ $token =~ ^[[:graph:]]+$ || $token == -----BEGIN*'PRIVATE KEY-----'*END*'PRIVATE KEY-----' ]] ||
    refuse "--token-file has to hold the token, or an App's private key, and nothing else"
  say "Putting the GitHub token into SSM as $token_parameter ..."
  aws ssm put-parameter --name "$token_parameter" --type SecureString --overwrite \
    --value "file://"<(printf %s "$token") --query Version --output text >/dev/null ||
    fail "SSM did not take the token"
}

make_spot_role() {
  aws iam get-role --role-name AWSServiceRoleForEC2Spot --query Role.RoleName --output text \
    >/dev/null 2>&1 && return
  say 'Making the role that EC2 Spot needs, once for the account ...'
  aws iam create-service-linked-role --aws-service-name spot.amazonaws.com \
    --query Role.RoleName --output text >/dev/null ||
    fail 'the role of EC2 Spot could not be made: an administrator has to'
}

make_bucket() {
  local said blocked
  local -a where=()
  if ! said=$(aws s3api head-bucket --bucket "$bucket" --expected-bucket-owner "$account" 2>&1); then
    [[ $said == *404* ]] || fail "the bucket $bucket is not usable (another name: --bucket): $said"
    say "Making the bucket $bucket ..."
    [[ $region == us-east-1 ]] ||
      where=(--create-bucket-configuration "LocationConstraint=$region")
    aws s3api create-bucket --bucket "$bucket" "${where[@]}" --output text >/dev/null ||
      fail "the bucket $bucket could not be made"
  fi
  blocked=$(aws s3api get-public-access-block --bucket "$bucket" --output text --query \
    'values(PublicAccessBlockConfiguration)' 2>/dev/null || true)
  [[ $blocked == $'True\tTrue\tTrue\tTrue' ]] || aws s3api put-public-access-block \
    --bucket "$bucket" --public-access-block-configuration \
    BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true ||
    fail "the bucket $bucket could not be closed to the public"
}

# pack_and_upload CONFIG: sets key, which holds what the zip is: the same zip is there already.
pack_and_upload() {
  local zip=$work/$deployment.zip
  "$here/build.sh" --binary "$binary" --out "$zip" --config "$1" ${bundle:+--ca-bundle "$bundle"}
  key=$deployment/$arch-$(sha256sum "$zip" | cut -d ' ' -f 1).zip
  aws s3api head-object --bucket "$bucket" --key "$key" --expected-bucket-owner "$account" \
    --query ContentLength --output text >/dev/null 2>&1 && return
  say "Uploading it to $bucket/$key ..."
  aws s3api put-object --bucket "$bucket" --key "$key" --body "$zip" \
    --expected-bucket-owner "$account" --output text >/dev/null || fail 'the zip was not uploaded'
}

# deploy_stack CONCURRENCY [KEY=VALUE...]
deploy_stack() {
  local status=0
  aws cloudformation deploy --stack-name "$stack" --template-file "$template" \
    --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset \
    --parameter-overrides "Concurrency=$1" "${@:2}" || status=$?
  [[ $status != 0 ]] || return 0
  aws cloudformation describe-stack-events --stack-name "$stack" --max-items 40 --output text \
    --query \
    "StackEvents[?contains(ResourceStatus,'FAILED')].[LogicalResourceId,ResourceStatusReason]" >&2 ||
    true
  fail "CloudFormation did not bring $stack up to date; the reasons stand above, the newest first"
}

parameters() {
  overrides=("Deployment=$deployment" "CodeBucket=$bucket" "CodeKey=$key" "Architecture=$arch"
    "GitHubTokenParameter=$token_parameter" "AdminTokenParameter=$admin_token_parameter"
    "Vpc=$vpc" "SubnetOne=${subnets[0]}"
    "SubnetTwo=${subnets[1]:-}" "SubnetThree=${subnets[2]:-}")
  [[ -z $topic ]] || overrides+=("AlarmTopic=$topic")
  [[ -z $metrics ]] || overrides+=("Metrics=$metrics")
  local ca=/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem
  [[ -z $bundle ]] || ca=/var/task/ca-bundle.pem
  overrides+=("CaBundle=$ca")
}

# The first pass: the stack, with nothing that runs, tells the values that the configuration lacks.
first_pass() {
  if [[ $stack_status == ROLLBACK_COMPLETE ]]; then
    say "The stack $stack could not be made the last time: taking away what is left of it ..."
    aws cloudformation delete-stack --stack-name "$stack" || fail "$stack could not be deleted"
    aws cloudformation wait stack-delete-complete --stack-name "$stack" ||
      fail "$stack could not be deleted; its events in CloudFormation's console say why"
    look_at_stack
  fi
  [[ -z $public_url || -z $group || -z $table ]] || return 0
  pack_and_upload "$config"
  parameters
  say "First pass: making the stack $stack, with nothing that runs yet; some two minutes ..."
  deploy_stack 0 "${overrides[@]}"
  look_at_stack
}

# The second pass: the zip with the filled configuration. Again if that changed what it was filled
# with, as another VPC does.
second_pass() {
  local filled=$work/$deployment.toml values turn
  for turn in 1 2 3; do
    values="$public_url $group $table"
    [[ $values =~ ^https://[a-z0-9.-]+\ sg-[0-9a-f]+\ [A-Za-z0-9_.-]+$ ]] ||
      fail "the stack's outputs are not what was expected: $values"
    "$here/configuration.py" fill "$config" "$public_url" "$group" "$table" >"$filled.new"
    mv "$filled.new" "$filled"
    pack_and_upload "$filled"
    parameters
    say "Second pass: the stack $stack with the program and its configuration ..."
    deploy_stack "$reserve" "${overrides[@]}"
    look_at_stack
    [[ $values != "$public_url $group $table" ]] || return 0
  done
  fail "the stack's outputs changed $turn times"
}

# The reservation as it should be, also where --off was interrupted, or somebody used it by hand.
set_reservation() {
  local is
  is=$(aws lambda get-function-concurrency --function-name "$deployment-service" \
    --query ReservedConcurrentExecutions --output text) || fail 'the function is not there'
  [[ $is =~ ^[0-9]+$ ]] || is=-1
  [[ $is != "$1" ]] || return 0
  if [[ $1 == -1 ]]; then
    aws lambda delete-function-concurrency --function-name "$deployment-service"
  else
    aws lambda put-function-concurrency --function-name "$deployment-service" \
      --reserved-concurrent-executions "$1" --output text >/dev/null
  fi || fail 'the number of copies could not be set'
}

# One sweep, as the schedule asks for it: it reads the configuration, and asks EC2 and the table.
try_it() {
  local answer=$work/$deployment.answer.json kind
  say 'Asking the function for one sweep; up to a minute where machines are at work ...'
  kind=$(aws lambda invoke --function-name "$deployment-service" --cli-read-timeout 200 \
    --cli-binary-format raw-in-base64-out \
    --payload '{"source":"aws.events","detail-type":"Scheduled Event"}' \
    --query FunctionError --output text "$answer") || fail 'the function could not be invoked'
  say "It answers: $(head -c 2000 "$answer")"
  [[ $kind == None ]] || fail "it does not work yet: aws logs tail /aws/lambda/$deployment-service"
  [[ $(tr -d ' ' <"$answer") == *'"problems":0'* ]] ||
    say "The sweep met problems: aws logs tail /aws/lambda/$deployment-service"
}

# First the switch itself, whatever the stack is doing.
switch_off() {
  aws lambda put-function-concurrency --function-name "$deployment-service" \
    --reserved-concurrent-executions 0 --output text >/dev/null ||
    refuse "$deployment-service in $region cannot be switched off: AWS says why above"
  say "Off: $deployment-service answers nobody. Telling the stack, so that it stays so ..."
  settle_stack
  deploy_stack 0
  say 'The second enforcer goes on ending machines that are overdue. On again: ./dev deploy'
}

main() {
  take_options "$@"
  read_config
  check_account
  if [[ $off == yes ]]; then
    switch_off
    return
  fi
  settle_stack
  choose_concurrency
  find_vpc
  put_token
  mkdir -p "$work"
  work=$(cd "$work" && pwd)
  make_spot_role
  make_bucket
  first_pass
  second_pass
  set_reservation "$reserve"
  [[ $reserve == 0 ]] || try_it
  say "mayfly runs at $public_url (stack $stack in $region, copies at once: ${reserve/#-1/not reserved})"
  say "Its configuration, filled in: $work/$deployment.toml"
  say "  build/mayfly check --config $work/$deployment.toml"
  say "  aws logs tail /aws/lambda/$deployment-service --follow"
}

main "$@"
