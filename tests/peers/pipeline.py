"""One bucket of photos, one bucket of thumbnails, a store between them and onput behind it.

Tests say what they put and what must come out; this class does the requests, waits for the state
that they describe, and compares the destination bucket with it key by key and picture by picture.
"""

import dataclasses
import itertools
import uuid

import pictures
import s3
from onput import FUNCTION, RENDITIONS, thumb_key
from process import wait_until

SETTLE_TIMEOUT_S = 60
FENCE_COLOUR = "violet"
_ANY = range(1_000_000)


@dataclasses.dataclass(frozen=True)
class Photo:
    """What a source object shows; `inside` is the size that its small rendition must have."""

    colour: str
    inside: tuple = (160, 120)

    @staticmethod
    def of_file(body):
        """Any picture: no colour to recognise, but the size that it must have when upright."""
        return Photo(None, pictures.upright_inside(body, *RENDITIONS["small"][:2]))


class Pipeline:
    def __init__(self, store, onput, route):
        self.store = store
        self.s3 = store.s3
        self.onput = onput
        self.source = route.source
        self.thumbs = route.thumbs
        self.prefix = route.prefix
        self.suffix = route.suffix or ".jpg"
        self._fences = itertools.count()
        self._fence_keys = []
        self._fences_now = 0  # those that the running onput has rendered

    def connect(self, target, **filters):
        """Make the source bucket report to a target or topic of the store, and start onput."""
        self.store.notify(self.source, target, **filters)
        self.onput.start()

    # What a client of the store does

    def put(self, key, colour="red", body=None):
        body = pictures.photo(colour) if body is None else body
        more = {"Body": body, "ContentType": "image/jpeg"}
        return self.s3.put_object(Bucket=self.source, Key=key, **more).get("VersionId")

    def put_awscli(self, key, colour="red", body=None):
        """The same with the AWS CLI, which takes parts of 8 MiB for a big file."""
        file = self.onput.dir / f"upload-{uuid.uuid4()}.jpg"
        file.write_bytes(pictures.photo(colour) if body is None else body)
        self.store.awscli("s3", "cp", "--quiet", file, f"s3://{self.source}/{key}")
        file.unlink()

    def put_multipart(self, key, body, part_bytes=5 * 1024 * 1024):
        upload = self.s3.create_multipart_upload(Bucket=self.source, Key=key)
        names = {"Bucket": self.source, "Key": key, "UploadId": upload["UploadId"]}
        parts = []
        for number, start in enumerate(range(0, len(body), part_bytes), 1):
            part = body[start : start + part_bytes]
            etag = self.s3.upload_part(PartNumber=number, Body=part, **names)["ETag"]
            parts.append({"PartNumber": number, "ETag": etag})
        self.s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **names)

    def delete(self, key, version=None):
        more = {"VersionId": version} if version else {}
        self.s3.delete_object(Bucket=self.source, Key=key, **more)

    def enable_versioning(self):
        status = {"Status": "Enabled"}
        self.s3.put_bucket_versioning(Bucket=self.source, VersioningConfiguration=status)

    # What must come out

    def wait_thumbs(self, expected):
        """Wait until exactly the thumbnails of `expected` (key -> Photo or colour) are there."""
        wanted = {key: _as_photo(value) for key, value in expected.items()}
        wanted |= {key: Photo(FENCE_COLOUR) for key in self._fence_keys}
        problems = []

        def right():
            problems[:] = self._differences(wanted)
            return not problems

        wait_until(right, SETTLE_TIMEOUT_S, lambda: "\n".join(problems) + self._log())

    def settle(self, expected, done, together=None, **others):
        """Wait for `expected` and for onput to be idle; then nothing more and nothing else may come.

        A last photo, the fence, is put behind everything else: when its thumbnails are there, the
        store has had every chance to deliver what it had before. `done` is how many attempts must
        have ended as done since onput started, `others` (skipped=, dead=, retry=) how many
        differently, and `together` how many in all; each is a number or a range.
        """
        self.wait_thumbs(expected)
        fence = f"{self.prefix}fence-{next(self._fences)}{self.suffix}"
        self.put(fence, FENCE_COLOUR)
        self._fence_keys.append(fence)
        self._fences_now += 1
        self.wait_thumbs(expected)
        wait_until(self.idle, SETTLE_TIMEOUT_S, lambda: "onput is not idle" + self._log())
        self._check_attempts({"done": done} | others, together)
        self.expected = expected
        self.counts = self.attempts()

    def _check_attempts(self, wanted, together):
        counts = self.attempts()
        counts["done"] -= self._fences_now
        for status, count in counts.items():
            allowed = wanted.get(status, _ANY if together is not None else 0)
            fits = count in allowed if isinstance(allowed, range) else count == allowed
            assert fits, f"{status}: {count}, expected {allowed}{self._log()}"
        if together is not None:
            assert sum(counts.values()) == together, f"{counts}{self._log()}"

    def restart(self):
        """Start onput again; its counters begin at zero."""
        self._fences_now = 0
        self.onput.start()

    def attempts(self):
        """Attempts by outcome since onput started."""
        metrics = self.onput.metrics()
        name = "onput_invocations_total"
        return {
            status: metrics.total(name, function=FUNCTION, status=status)
            for status in ("done", "skipped", "retry", "dead")
        }

    def refused(self):
        """Requests that were answered with 401 or 403."""
        metrics = self.onput.metrics()
        name = "onput_http_requests_total"
        return metrics.total(name, code="401") + metrics.total(name, code="403")

    def some_thumbs(self):
        return s3.all_keys(self.s3, self.thumbs)

    def idle(self):
        metrics = self.onput.metrics()
        pending = metrics.total("onput_queue_depth", state="pending")
        return pending == 0 and metrics.total("onput_invocations_in_flight") == 0

    def finish(self):
        """The end of every test: nothing came late, and onput drains and ends well."""
        if self.onput.running:
            if hasattr(self, "counts"):
                assert self.attempts() == self.counts
            assert self.onput.stop() == 0, self._log()
            assert "Sanitizer" not in self.onput.log_text(), self._log()
        if hasattr(self, "expected"):
            self.wait_thumbs(self.expected)

    def _differences(self, wanted):
        """How the destination bucket differs from what it must hold, in words."""
        keys = {thumb_key(self.source, k, r): (k, r) for k in wanted for r in RENDITIONS}
        have = s3.all_keys(self.s3, self.thumbs)
        found = [f"missing: {key}" for key in sorted(keys.keys() - have)]
        found += [f"not expected: {key}" for key in sorted(have - keys.keys())]
        if found:
            return found
        for key, (source, rendition) in keys.items():
            photo = wanted[source]
            size = photo.inside if rendition == "small" else RENDITIONS[rendition][:2]
            should = pictures.Seen("JPEG", size, photo.colour)
            seen = self._look(key)
            if seen and photo.colour is None:
                seen = dataclasses.replace(seen, colour=None)
            if seen != should:
                found.append(f"{key}: {seen}, expected {should}")
        return found

    def _look(self, key):
        try:
            return pictures.look(self.s3.get_object(Bucket=self.thumbs, Key=key)["Body"].read())
        except self.s3.exceptions.NoSuchKey:
            return None  # deleted between the listing and now

    def _log(self):
        process = self.onput.process
        return f"\n--- end of onput's log\n{process.log_tail()}" if process else ""


def _as_photo(value):
    return value if isinstance(value, Photo) else Photo(value)

