#!/bin/bash
#
# Makes an image of mayfly's: puts GitHub's runner where the boot script looks for it, brings the system up
# to date, removes what belongs to this one machine, and powers off. It is the user data of an instance that
# is started once, on the image that machines start from now, and then made into an AMI:
# deploy/image/README.md has the commands.
#
# Fill in the first two lines: from the releases of actions/runner, for this architecture. The version has to
# be raised every month: GitHub gives no jobs to a runner that lags behind by more than 30 days.
version=${MAYFLY_RUNNER_VERSION:-}
sha256=${MAYFLY_RUNNER_SHA256:-}
# {arch} is x64 or arm64. Another address: a mirror in your region, or a file:// that is here already.
url='https://github.com/actions/runner/releases/download/v{version}/actions-runner-linux-{arch}-{version}.tar.gz'
url=${MAYFLY_RUNNER_URL:-$url}
# no: leave the system as it is, and the machine on.
upgrade=${MAYFLY_IMAGE_UPGRADE:-yes} off=${MAYFLY_IMAGE_OFF:-yes}

set -Eeuo pipefail
readonly dir=/opt/actions-runner archive=/var/tmp/actions-runner.tar.gz

on_exit() {
  local status=$?
  if ((status == 0)); then echo "mayfly-image: ready, runner $version"
  else echo "mayfly-image: FAILED, make no image of this machine"; fi
  if [[ $off == yes ]]; then shutdown -P now; fi
}
trap on_exit EXIT

[[ $version =~ ^[0-9]+(\.[0-9]+){2}$ && $sha256 =~ ^[0-9a-f]{64}$ ]] ||
  { echo 'mayfly-image: fill in version and sha256' && exit 1; }

if [[ $upgrade == yes ]]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q update
  apt-get -q -y dist-upgrade
  apt-get -q -y install --no-install-recommends curl ca-certificates sudo
  apt-get -q clean
fi

case $(uname -m) in
  x86_64) arch=x64 ;;
  aarch64) arch=arm64 ;;
  *) echo "mayfly-image: no runner for $(uname -m)" && exit 1 ;;
esac
url=${url//\{version\}/$version}
curl -sSfL --retry 5 -o "$archive" "${url//\{arch\}/$arch}"
echo "$sha256  $archive" | sha256sum --check --quiet
rm -rf "$dir"
mkdir -p "$dir"
tar -xzf "$archive" -C "$dir" --no-same-owner
rm "$archive"
if [[ -x $dir/bin/installdependencies.sh ]]; then "$dir/bin/installdependencies.sh"; fi
id runner >/dev/null 2>&1 || useradd --create-home --shell /bin/bash runner
chown -R runner: "$dir"

# The next machine is another one: it asks for user data anew, and makes its own keys and its own id.
cloud-init clean --logs --seed
rm -f /etc/ssh/ssh_host_*_key* /home/*/.ssh/authorized_keys /root/.ssh/authorized_keys
: >/etc/machine-id
