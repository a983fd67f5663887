"""What several test modules of the service share."""

from json import dumps

POLICY = """
version = "test-1"

[lists]
suspect = ["غربال"]
banned = ["منخل"]
"""

APPROVED = "شكرا على هذا المقال المفيد"
SUSPECT = "اشتريت غربال من السوق"
BANNED = "عندي منخل قديم"


class Caller:
    """A test client with a key."""

    def __init__(self, client, key):
        self.client = client
        self.headers = {"Authorization": f"Bearer {key}"}

    def get(self, path, **kwargs):
        return self.client.get(path, headers=self.headers, **kwargs)

    def post(self, path, json):
        return self.post_raw(path, dumps(json))

    def post_raw(self, path, body, **headers):
        headers = {"Content-Type": "application/json"} | headers
        return self.client.post(path, data=body, headers=self.headers | headers)
