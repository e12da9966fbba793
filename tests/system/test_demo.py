"""onput demo: the whole way, in one command."""

import json
import os
import shutil

import onput

PHOTOS = os.path.join(os.path.dirname(__file__), "..", "..", "fixtures", "images", "photos")


class Demo(onput.Test):
    def photos(self):
        return sorted(name for name in os.listdir(PHOTOS) if not name.endswith(".md"))

    def test_makes_every_thumbnail(self):
        result = onput.run("demo", "--json", cwd=self.dir)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        answers = [json.loads(line) for line in result.stdout.splitlines()]
        keys = " ".join(answer["key"] for answer in answers)
        for name in self.photos():
            self.assertIn(name, keys)
        for answer in answers:
            self.assertTrue(answer["ok"], answer)
            self.assertGreaterEqual(len(answer["report"]["renditions"]), 1)
            for rendition in answer["report"]["renditions"]:
                self.assertGreater(rendition["bytes"], 100)

    def test_prints_a_table(self):
        folder = os.path.join(self.dir, "mine")
        os.mkdir(folder)
        shutil.copy(os.path.join(PHOTOS, "P1000237.JPG"), os.path.join(folder, "my photo+1.jpg"))
        result = onput.run("demo", "--dir", folder)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("my photo+1.jpg", result.stdout)

    def test_fails_on_a_broken_photo_and_names_it(self):
        folder = os.path.join(self.dir, "mine")
        os.mkdir(folder)
        shutil.copy(os.path.join(PHOTOS, "P1000237.JPG"), os.path.join(folder, "good.jpg"))
        with open(os.path.join(folder, "broken.jpg"), "wb") as file:
            file.write(b"\xff\xd8\xff\xe0 this is no picture")
        result = onput.run("demo", "--json", "--dir", folder)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        answers = {answer["key"]: answer for answer in
                   map(json.loads, result.stdout.splitlines())}
        bad = [key for key, answer in answers.items() if not answer["ok"]]
        self.assertEqual([os.path.basename(key) for key in bad], ["broken.jpg"])
        self.assertTrue(answers[bad[0]]["error"])

    def test_refuses_a_folder_without_photos(self):
        result = onput.run("demo", "--dir", self.dir)
        self.assertEqual(result.returncode, 1)
        self.assertIn(self.dir, result.stderr)


if __name__ == "__main__":
    onput.main()
