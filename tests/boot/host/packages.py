"""Archives of the stand-in runner as large as one likes, and a root with it in place."""
import hashlib
import io
import os
import subprocess
import tarfile
import threading

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.join(HERE, "..", "..", "..")
VERSION = "2.335.0"  # not the one that the emulated GitHub offers
RUNNER = """
[runner]
version = "{version}"
download_url = "https://mirror.boot.test/actions-runner-linux-{{arch}}-{{version}}.tar.gz"
[runner.sha256]
x86_64 = "{sha256}"
arm64 = "{sha256}"
"""


class Packages:
    def __init__(self, options):
        self.options, self.lock, self.image = options, threading.Lock(), None

    def archive(self, megabytes, file):
        """Writes a runner that has so many megabytes of what cannot be packed smaller."""
        with open(os.path.join(ROOT, "src/lab/machine/stand_in_runner.sh"), "rb") as script, \
                tarfile.open(file, "w:gz", compresslevel=1) as tar:
            for name, data, mode in (("run.sh", script.read(), 0o755),
                                     ("ballast", os.urandom(megabytes << 20), 0o644)):
                member = tarfile.TarInfo("./" + name)
                member.size, member.mode = len(data), mode
                tar.addfile(member, io.BytesIO(data))

    def mirror(self, megabytes):
        """What a World needs to have its runner from a mirror."""
        folder = os.path.join(self.options.work, f"mirror-{megabytes}")
        file = os.path.join(folder, f"actions-runner-linux-x64-{VERSION}.tar.gz")
        with self.lock:
            if not os.path.exists(file):
                os.mkdir(folder)
                self.archive(megabytes, file)
        with open(file, "rb") as data:
            digest = hashlib.sha256(data.read()).hexdigest()
        return {"mirror": folder, "runner": RUNNER.format(version=VERSION, sha256=digest)}

    def prebaked_image(self):
        """A layer that deploy/image/install-runner.sh made over the root, as it makes an image."""
        with self.lock:
            if not self.image:
                folder = os.path.join(self.options.work, "image")
                os.mkdir(folder)
                archive = os.path.join(folder, "runner.tar.gz")
                self.archive(1, archive)
                subprocess.run([os.path.join(HERE, "image.sh"),
                                os.path.join(self.options.base, "root"), folder, archive, VERSION],
                               check=True)
                self.image = os.path.join(folder, "upper")
            return self.image
