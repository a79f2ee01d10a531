"""A container task made with digitalai-release-sdk, whose *Run as user* is a token without a user name: run as
`python - URL TOKEN`."""

import sys

from digitalai.release.integration import BaseTask
from digitalai.release.integration.input_context import AutomatedTaskAsUserContext, ReleaseContext

URL, TOKEN = sys.argv[1:3]


class Task(BaseTask):
    def execute(self):
        client = self.get_release_api_client()
        assert client.get("/api/v1/releases").json() == []
        assert client.get("/profile").json()["username"] == "admin"
        self.set_output_property("done", True)


for username in (None, ""):
    task = Task()
    task.release_server_url = URL
    task.release_context = ReleaseContext(
        id="Applications/Release1", automated_task_as_user=AutomatedTaskAsUserContext(username=username, password=TOKEN)
    )
    task.execute_task()
    context = task.get_output_context()
    assert context.exit_code == 0, context
    assert context.output_properties == {"done": True}, context
