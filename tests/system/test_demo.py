"""onput demo: the whole way, in one command."""

import json
import os
import shutil

import onput

PHOTOS = os.path.join(os.path.dirname(__file__), "..", "..", "fixtures", "images", "photos")


class Demo(onput.Test):
    def photos(self):
        return sorted(name for name in os.listdir(PHOTOS) if name.lower().endswith((".jpg", ".jpeg")))

    def test_makes_every_thumbnail(self):
        result = onput.run("demo", "--json", cwd=self.dir)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        answer = json.loads(result.stdout)
        text = json.dumps(answer)
        for name in self.photos():
            self.assertIn(name, text)
        self.assertNotIn('"ok": false', text)
        self.assertIn('"ok": true', text)

    def test_prints_a_table(self):
        folder = os.path.join(self.dir, "mine")
        os.mkdir(folder)
        shutil.copy(os.path.join(PHOTOS, self.photos()[0]), os.path.join(folder, "my photo+1.jpg"))
        result = onput.run("demo", "--dir", folder)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("my photo+1.jpg", result.stdout)

    def test_fails_on_a_broken_photo_and_names_it(self):
        folder = os.path.join(self.dir, "mine")
        os.mkdir(folder)
        shutil.copy(os.path.join(PHOTOS, self.photos()[0]), os.path.join(folder, "good.jpg"))
        with open(os.path.join(folder, "broken.jpg"), "wb") as file:
            file.write(b"\xff\xd8\xff\xe0 this is no picture")
        result = onput.run("demo", "--json", "--dir", folder)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertIn("broken.jpg", result.stdout + result.stderr)

    def test_refuses_a_folder_without_photos(self):
        result = onput.run("demo", "--dir", self.dir)
        self.assertEqual(result.returncode, 1)
        self.assertIn(self.dir, result.stderr)


if __name__ == "__main__":
    onput.main()
