#!/usr/bin/env bash
# Holds the emulated AWS against a client that is not ours: Debian's AWS CLI plays every EC2, STS,
# SSM and DynamoDB call that src/aws makes, in the same shapes, and checks the answers.
#
#   tests/aws_cli.sh ENDPOINT        e.g. http://127.0.0.1:4566
#
# Credentials and region come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION; unset,
# they are the emulator's own. SUBNET_A, SUBNET_B, SECURITY_GROUP, INSTANCE_TYPE, IMAGE_OWNER and
# IMAGE_NAME name what the account has. If set, PARAMETER names an SSM parameter whose value is
# PARAMETER_VALUE, and ROLE_ARN a role that WEB_IDENTITY_TOKEN may assume (else those are skipped).
# Makes a launch template, a table and seven machines, and terminates the machines.
# Needs aws (2.x), jq and base64. Exits non-zero if a check fails.
set -uo pipefail

if [[ $# -ne 1 ]]; then
  echo "usage: $0 ENDPOINT" >&2
  exit 2
fi
endpoint=$1

: "${AWS_CLI:=/usr/bin/aws}"
export AWS_ACCESS_KEY_ID=${AWS_ACCESS_KEY_ID:-AKIAEMULATEDEXAMPLE0}
export AWS_SECRET_ACCESS_KEY=${AWS_SECRET_ACCESS_KEY:-emulatedSecretAccessKeyForMayflyTests000}
export AWS_REGION=${AWS_REGION:-us-east-1}
export AWS_DEFAULT_REGION=$AWS_REGION AWS_EC2_METADATA_DISABLED=true AWS_MAX_ATTEMPTS=1
export AWS_PAGER='' AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
: "${SUBNET_A:=subnet-0a000000000000001}"
: "${SUBNET_B:=subnet-0b000000000000002}"
: "${SECURITY_GROUP:=sg-0123456789abcdef0}"
: "${INSTANCE_TYPE:=c5.9xlarge}"
: "${IMAGE_OWNER:=099720109477}"
: "${IMAGE_NAME:=ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-*}"
: "${PARAMETER:=}"
: "${PARAMETER_VALUE:=}"
: "${ROLE_ARN:=}"
: "${WEB_IDENTITY_TOKEN:=}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
run=$$-$RANDOM
template=cli-check-$run
passed=0
failed=0

# call SERVICE ACTION...: the answer goes to $work/out, a refusal to $work/err.
call() {
  "$AWS_CLI" --endpoint-url "$endpoint" --output json "$@" >"$work/out" 2>"$work/err"
}

out() { jq -r "$1" "$work/out"; }

pass() {
  passed=$((passed + 1))
  echo "ok $1"
}

fail() {
  failed=$((failed + 1))
  echo "not ok $1"
  sed 's/^/    /' "$work/err" | head -5
  head -c 600 "$work/out" | sed 's/^/    /'
  [[ $# -lt 2 ]] || echo "    $2"
}

# is NAME GOT WANTED
is() {
  if [[ $2 == "$3" ]]; then pass "$1"; else fail "$1" "got '$2', wanted '$3'"; fi
}

# answered NAME CALL...: the call must succeed.
answered() {
  local name=$1
  shift
  if call "$@"; then pass "$name"; else fail "$name"; fi
}

# refused NAME CODE CALL...: the call must be refused with this code.
refused() {
  local name=$1 code=$2
  shift 2
  if call "$@"; then
    fail "$name" "it was not refused"
  elif grep -qF "($code)" "$work/err"; then
    pass "$name"
  else
    fail "$name" "wanted $code"
  fi
}

# state_becomes ID WANTED: waits up to 30 seconds.
state_becomes() {
  local state=''
  for _ in $(seq 30); do
    call ec2 describe-instances --filters "Name=instance-id,Values=$1" || break
    state=$(out '.Reservations[0].Instances[0].State.Name')
    [[ $state != "$2" ]] || break
    sleep 1
  done
  is "$1 becomes $2" "$state" "$2"
}

who_we_are() {
  answered 'sts get-caller-identity' sts get-caller-identity
  is 'the account is a number of 12 digits' "$(out '.Account | test("^[0-9]{12}$")')" true
  local right=$AWS_SECRET_ACCESS_KEY
  AWS_SECRET_ACCESS_KEY=wrong refused 'a wrong secret' SignatureDoesNotMatch ec2 describe-instances
  AWS_ACCESS_KEY_ID=AKIANOBODY refused 'an unknown key' AuthFailure ec2 describe-instances
  AWS_ACCESS_KEY_ID=AKIANOBODY refused 'an unknown key at STS' InvalidClientTokenId \
    sts get-caller-identity
  AWS_SECRET_ACCESS_KEY=$right answered 'the right key again' ec2 describe-instances
}

web_identity() {
  local assume=(--no-sign-request sts assume-role-with-web-identity --role-session-name cli-check)
  refused 'a role that is not there' AccessDenied "${assume[@]}" --web-identity-token nonsense \
    --role-arn arn:aws:iam::123456789012:role/cli-check-nobody
  [[ -n $ROLE_ARN ]] || return 0
  refused 'a wrong token' InvalidIdentityToken "${assume[@]}" --web-identity-token wrong-token \
    --role-arn "$ROLE_ARN"
  answered 'assume-role-with-web-identity' "${assume[@]}" --role-arn "$ROLE_ARN" \
    --web-identity-token "$WEB_IDENTITY_TOKEN"
  local key secret session
  key=$(out .Credentials.AccessKeyId)
  secret=$(out .Credentials.SecretAccessKey)
  session=$(out .Credentials.SessionToken)
  AWS_ACCESS_KEY_ID=$key AWS_SECRET_ACCESS_KEY=$secret AWS_SESSION_TOKEN=$session \
    answered 'the keys it gave work' sts get-caller-identity
  is 'as the role' "$(out '.Arn | test(":assumed-role/.*/cli-check$")')" true
  AWS_ACCESS_KEY_ID=$key AWS_SECRET_ACCESS_KEY=$secret \
    refused 'but not without their session token' InvalidClientTokenId sts get-caller-identity
}

images() {
  local filters=("Name=name,Values=$IMAGE_NAME" 'Name=architecture,Values=x86_64'
    'Name=state,Values=available')
  answered 'describe-images by owner and filters' ec2 describe-images --owners "$IMAGE_OWNER" \
    --filters "${filters[@]}" --max-results 1000
  image=$(out '.Images | sort_by(.CreationDate) | last | .ImageId')
  is 'an image has an id' "$(jq -rn --arg i "$image" '$i | test("^ami-[0-9a-f]{17}$")')" true
  is 'every image is of the architecture' \
    "$(out '[.Images[].Architecture] | unique | join(",")')" x86_64
  local all
  all=$(out '[.Images[].ImageId] | sort | join(" ")')
  answered 'describe-images in pages of one' ec2 describe-images --owners "$IMAGE_OWNER" \
    --filters "${filters[@]}" --page-size 1
  is 'the pages have the same images' "$(out '[.Images[].ImageId] | sort | join(" ")')" "$all"
  refused 'an unknown image' InvalidAMIID.NotFound ec2 describe-images \
    --image-ids ami-0dead000000000000
  refused 'an unknown image filter' InvalidParameterValue ec2 describe-images \
    --filters Name=colour,Values=red
}

template_data() {
  jq -cn --arg data "$(printf '#!/bin/sh\necho %s\n' "$1" | base64 -w0)" --arg sg "$SECURITY_GROUP" '{
    UserData: $data, InstanceInitiatedShutdownBehavior: "terminate",
    MetadataOptions: {HttpTokens: "required", HttpPutResponseHopLimit: 1, HttpEndpoint: "enabled",
      InstanceMetadataTags: "enabled"},
    NetworkInterfaces: [{DeviceIndex: 0, AssociatePublicIpAddress: true, Groups: [$sg],
      DeleteOnTermination: true}],
    BlockDeviceMappings: [{DeviceName: "/dev/sda1", Ebs: {VolumeSize: 32, VolumeType: "gp3",
      DeleteOnTermination: true}}],
    TagSpecifications: [{ResourceType: "volume", Tags: [{Key: "mayfly:deployment", Value: "cli"}]}]}'
}

templates() {
  refused 'a template that is not there' InvalidLaunchTemplateName.NotFoundException \
    ec2 describe-launch-template-versions --launch-template-name "$template"
  local create=(ec2 create-launch-template --launch-template-name "$template" --client-token "t$run"
    --version-description one --launch-template-data "$(template_data one)"
    --tag-specifications 'ResourceType=launch-template,Tags=[{Key=mayfly:deployment,Value=cli}]')
  answered 'create-launch-template' "${create[@]}"
  is 'the first version is 1' "$(out .LaunchTemplate.LatestVersionNumber)" 1
  local id
  id=$(out .LaunchTemplate.LaunchTemplateId)
  answered 'create-launch-template again with its token' "${create[@]}"
  is 'it is the same template' "$(out .LaunchTemplate.LaunchTemplateId)" "$id"
  refused 'the name a second time' InvalidLaunchTemplateName.AlreadyExistsException \
    ec2 create-launch-template --launch-template-name "$template" \
    --launch-template-data "$(template_data one)"
  answered 'create-launch-template-version' ec2 create-launch-template-version \
    --launch-template-name "$template" --version-description two --client-token "v$run" \
    --launch-template-data "$(template_data two)"
  is 'the second version is 2' "$(out .LaunchTemplateVersion.VersionNumber)" 2
  answered 'describe-launch-template-versions in pages of one' \
    ec2 describe-launch-template-versions --launch-template-name "$template" --page-size 1
  is 'both descriptions are there' \
    "$(out '[.LaunchTemplateVersions | sort_by(.VersionNumber)[].VersionDescription] | join(" ")')" \
    'one two'
  answered 'describe-launch-templates by name' ec2 describe-launch-templates \
    --launch-template-names "$template"
  is 'its newest version is 2' "$(out '.LaunchTemplates[0].LatestVersionNumber')" 2
  refused 'user data beyond 16 KiB' InvalidParameterValue ec2 create-launch-template-version \
    --launch-template-name "$template" --launch-template-data \
    "$(jq -cn --arg d "$(head -c 16385 /dev/zero | base64 -w0)" '{UserData: $d}')"
}

# fleet TOKEN COUNT MARKET VERSION
fleet() {
  local strategy=(--spot-options AllocationStrategy=price-capacity-optimized)
  local capacity=SpotTargetCapacity
  if [[ $3 == on-demand ]]; then
    strategy=(--on-demand-options AllocationStrategy=lowest-price)
    capacity=OnDemandTargetCapacity
  fi
  fleet_call=(ec2 create-fleet --type instant --client-token "$1$run"
    --launch-template-configs "$(jq -cn --arg t "$template" --arg v "$4" --arg i "$image" \
      --arg type "$INSTANCE_TYPE" --arg a "$SUBNET_A" --arg b "$SUBNET_B" '[{
        LaunchTemplateSpecification: {LaunchTemplateName: $t, Version: $v},
        Overrides: [{InstanceType: $type, SubnetId: $a, ImageId: $i},
          {InstanceType: $type, SubnetId: $b, ImageId: $i}]}]')"
    --target-capacity-specification
    "TotalTargetCapacity=$2,$capacity=$2,DefaultTargetCapacityType=$3"
    "${strategy[@]}"
    --tag-specifications
    "ResourceType=instance,Tags=[{Key=mayfly:deployment,Value=cli-$run},{Key=mayfly:lease,Value=$1}]")
}

fleets() {
  fleet spot 4 spot 1
  answered 'create-fleet of four spot machines' "${fleet_call[@]}"
  is 'four machines, no error' \
    "$(out '([.Instances[].InstanceIds[]] | length | tostring) + " " + (.Errors | length | tostring)')" \
    '4 0'
  is 'their lifecycle is spot' "$(out '[.Instances[].Lifecycle] | unique | join(",")')" spot
  is 'the answer says type and subnet' \
    "$(out '.Instances[0].LaunchTemplateAndOverrides.Overrides | .InstanceType, (.SubnetId | test("^subnet-"))' | paste -sd' ')" \
    "$INSTANCE_TYPE true"
  spot=$(out '[.Instances[].InstanceIds[]] | sort | join(" ")')
  answered 'create-fleet again with its token' "${fleet_call[@]}"
  is 'the same machines' "$(out '[.Instances[].InstanceIds[]] | sort | join(" ")')" "$spot"
  fleet spot 1 spot 1
  refused 'the token with other parameters' IdempotentParameterMismatch "${fleet_call[@]}"
  fleet demand 1 on-demand "\$Latest"
  answered 'create-fleet of one on-demand machine' "${fleet_call[@]}"
  demand=$(out '.Instances[0].InstanceIds[0]')
  is 'its lifecycle is on-demand' "$(out '.Instances[0].Lifecycle')" on-demand
  fleet dry 1 spot 1
  refused 'a dry run' DryRunOperation "${fleet_call[@]}" --dry-run
  fleet wrong 1 spot 99
  refused 'a version that is not there' InvalidLaunchTemplateId.VersionNotFound "${fleet_call[@]}"
  local subnet=$SUBNET_A
  SUBNET_A='subnet-0dead000000000000'
  fleet halves 1 spot 1
  SUBNET_A=$subnet
  answered 'create-fleet with one pool that is not there' "${fleet_call[@]}"
  is 'the other pool served, and the error says where' \
    "$(out '([.Instances[].InstanceIds[]] | length | tostring) + " " + .Errors[0].ErrorCode')" \
    '1 InvalidSubnetID.NotFound'
  halves=$(out '.Instances[0].InstanceIds[0]')
}

machines() {
  local ours="Name=tag:mayfly:deployment,Values=cli-$run"
  answered 'describe-instances by tag' ec2 describe-instances --filters "$ours" --max-results 1000
  is 'all six are there' "$(out '[.Reservations[].Instances[]] | length')" 6
  answered 'describe-instances by tag, in pages of five' ec2 describe-instances \
    --filters "$ours" --page-size 5
  is 'the pages have all six, each once' \
    "$(out '[.Reservations[].Instances[].InstanceId] | (length | tostring) + " " + (unique | length | tostring)')" \
    '6 6'
  answered 'describe-instances with a wildcard' ec2 describe-instances --filters "$ours" \
    'Name=tag:mayfly:lease,Values=sp*'
  is 'the spot machines match' "$(out '[.Reservations[].Instances[].InstanceId] | sort | join(" ")')" \
    "$spot"
  is 'they have zone, lifecycle, token, IMDS' \
    "$(out '.Reservations[0].Instances[0] | .Placement.AvailabilityZone != null, .InstanceLifecycle, .ClientToken, .MetadataOptions.HttpTokens, .MetadataOptions.InstanceMetadataTags' | paste -sd' ')" \
    "true spot spot$run required enabled"
  answered 'describe-instances by client token' ec2 describe-instances \
    --filters "Name=client-token,Values=demand$run"
  is 'it is the on-demand machine' "$(out '.Reservations[0].Instances[0].InstanceId')" "$demand"
  is 'which has no lifecycle' "$(out '.Reservations[0].Instances[0].InstanceLifecycle')" null
  state_becomes "$demand" running
  answered 'describe-instances by state' ec2 describe-instances --filters "$ours" \
    'Name=instance-state-name,Values=pending,running'
  refused 'an unknown id' InvalidInstanceID.NotFound ec2 describe-instances \
    --instance-ids i-0dead000000000000
  answered 'create-tags' ec2 create-tags --resources "$demand" --tags Key=extra,Value=yes
  answered 'the new tag is found' ec2 describe-instances --filters 'Name=tag:extra,Values=yes' "$ours"
  is 'on the one machine' "$(out '.Reservations[0].Instances[0].InstanceId')" "$demand"
}

metadata() {
  answered 'modify-instance-metadata-options' ec2 modify-instance-metadata-options \
    --instance-id "$demand" --http-endpoint disabled
  is 'the endpoint is disabled' "$(out .InstanceMetadataOptions.HttpEndpoint)" disabled
  answered 'describe it' ec2 describe-instances --instance-ids "$demand"
  is 'it shows' "$(out '.Reservations[0].Instances[0].MetadataOptions.HttpEndpoint')" disabled
}

one_pool() {
  local order=(ec2 run-instances --image-id "$image" --instance-type "$INSTANCE_TYPE"
    --subnet-id "$SUBNET_A" --security-group-ids "$SECURITY_GROUP" --count 1 --client-token "r$run"
    --instance-market-options '{"MarketType": "spot", "SpotOptions": {"SpotInstanceType": "one-time"}}'
    --instance-initiated-shutdown-behavior terminate --user-data 'echo hello'
    --metadata-options 'HttpTokens=required,HttpEndpoint=enabled'
    --tag-specifications "ResourceType=instance,Tags=[{Key=mayfly:deployment,Value=cli-$run}]")
  answered 'run-instances' "${order[@]}"
  run_id=$(out '.Instances[0].InstanceId')
  answered 'run-instances again with its token' "${order[@]}"
  is 'the same machine' "$(out '.Instances[0].InstanceId')" "$run_id"
  refused 'the token with another type' IdempotentParameterMismatch "${order[@]}" --key-name operator
}

the_end() {
  refused 'one bad id in a batch' InvalidInstanceID.NotFound ec2 terminate-instances \
    --instance-ids "$demand" i-0dead000000000000
  answered 'look again' ec2 describe-instances --instance-ids "$demand"
  is 'none was terminated' "$(out '.Reservations[0].Instances[0].State.Name')" running
  refused 'a dry run of the end' DryRunOperation ec2 terminate-instances --dry-run \
    --instance-ids "$demand"
  local all=()
  read -ra all <<<"$spot $demand $halves $run_id"
  answered 'terminate-instances' ec2 terminate-instances --instance-ids "${all[@]}"
  is 'seven are ending' "$(out '[.TerminatingInstances[].CurrentState.Name] | map(select(. == "shutting-down")) | length')" 7
  state_becomes "$demand" terminated
  is 'and say why' "$(out '.Reservations[0].Instances[0].StateReason.Code')" \
    Client.UserInitiatedShutdown
  answered 'terminate-instances again' ec2 terminate-instances --instance-ids "$demand"
}

parameters() {
  refused 'an SSM parameter that is not there' ParameterNotFound ssm get-parameter \
    --name "/cli-check/$run" --with-decryption
  [[ -n $PARAMETER ]] || return 0
  answered 'ssm get-parameter' ssm get-parameter --name "$PARAMETER" --with-decryption
  is 'its value' "$(out .Parameter.Value)" "$PARAMETER_VALUE"
}

# A table as docs/deploy-aws.md has it, and every kind of call that a ledger makes.
tables() {
  local table=cli-check-$run one two
  refused 'a table that is not there' ResourceNotFoundException dynamodb describe-table \
    --table-name "$table"
  answered 'dynamodb create-table' dynamodb create-table --table-name "$table" \
    --billing-mode PAY_PER_REQUEST \
    --key-schema AttributeName=pk,KeyType=HASH AttributeName=sk,KeyType=RANGE \
    --attribute-definitions AttributeName=pk,AttributeType=S AttributeName=sk,AttributeType=S
  answered 'dynamodb wait table-exists' dynamodb wait table-exists --table-name "$table"
  answered 'dynamodb update-time-to-live' dynamodb update-time-to-live --table-name "$table" \
    --time-to-live-specification Enabled=true,AttributeName=expires_at
  answered 'dynamodb describe-time-to-live' dynamodb describe-time-to-live --table-name "$table"
  is 'it is on' "$(out .TimeToLiveDescription.TimeToLiveStatus)" ENABLED
  one='{"pk":{"S":"p"},"sk":{"S":"1"},"rev":{"N":"1"},"on":{"BOOL":true}}'
  two='{"pk":{"S":"p"},"sk":{"S":"2"}}'
  answered 'dynamodb put-item' dynamodb put-item --table-name "$table" --item "$one" \
    --condition-expression 'attribute_not_exists(pk)'
  refused 'once' ConditionalCheckFailedException dynamodb put-item --table-name "$table" \
    --item "$one" --condition-expression 'attribute_not_exists(pk)'
  transactions "$table" "$two"
  answered 'dynamodb query' dynamodb query --table-name "$table" --consistent-read \
    --key-condition-expression 'pk = :pk AND begins_with(sk, :s)' --no-scan-index-forward \
    --expression-attribute-values '{":pk":{"S":"p"},":s":{"S":"1"}}'
  is 'what it finds' "$(out '.Items | map(.rev.N) | join(" ")')" 2
  answered 'dynamodb batch-get-item' dynamodb batch-get-item --request-items \
    "{\"$table\":{\"ConsistentRead\":true,\"Keys\":[$two]}}"
  is 'the item' "$(out ".Responses[\"$table\"][0].sk.S")" 2
}

# transactions TABLE ITEM: raises the revision of p/1 and puts the item, once.
transactions() {
  local writes
  writes="[{\"Put\":{\"TableName\":\"$1\",\"Item\":{\"pk\":{\"S\":\"p\"},\"sk\":{\"S\":\"1\"},
    \"rev\":{\"N\":\"2\"}},\"ConditionExpression\":\"rev = :r\",
    \"ExpressionAttributeValues\":{\":r\":{\"N\":\"1\"}}}},
    {\"Put\":{\"TableName\":\"$1\",\"Item\":$2}}]"
  local transact=(dynamodb transact-write-items --transact-items "$writes" --client-request-token)
  answered 'dynamodb transact-write-items' "${transact[@]}" "t-$run"
  answered 'the same token again' "${transact[@]}" "t-$run"
  refused 'another token' TransactionCanceledException "${transact[@]}" "u-$run"
  refused 'a token of something else' IdempotentParameterMismatchException dynamodb \
    transact-write-items --client-request-token "t-$run" \
    --transact-items "[{\"Put\":{\"TableName\":\"$1\",\"Item\":$2}}]"
}

who_we_are
web_identity
images
templates
fleets
machines
metadata
one_pool
the_end
parameters
tables

echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
