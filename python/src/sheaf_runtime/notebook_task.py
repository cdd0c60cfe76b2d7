"""Starts a notebook_task: ``python -m sheaf_runtime.notebook_task PATH [NAME VALUE]...``.

The cells run in a Jupyter kernel of the task's environment, through nbclient; what they write goes
to this process's stdout and stderr as it comes. The executed notebook is handed to the scheduler as
HTML, with the value that it gave to ``dbutils.notebook.exit``.
"""

import asyncio
import atexit
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import traceback

from sheaf_runtime.notebook_page import to_html
from sheaf_runtime.notebook_source import NotebookError, find_notebook, read_cells

MAX_RESULT_CHARACTERS = 5 * 1024 * 1024
START_TIMEOUT_SECONDS = 120
MAX_SOCKET_FOLDER_BYTES = 80  # The address of a socket has at most 107.

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class _Restart(Exception):
    """A new kernel goes on behind the cell."""


class _Ended(Exception):
    """The notebook called dbutils.notebook.exit."""


class _Failed(Exception):
    """A cell failed; the traceback has been written."""


class NotebookRun:
    """Executes cells one after the other and keeps what they showed."""

    def __init__(self, path, cells, values):
        import nbformat

        self.path = path
        self.cells = cells
        self.values = values
        self.folder = os.path.dirname(path)
        self.packages = os.path.join(_temporary_folder(), "packages")
        self.notebook = nbformat.v4.new_notebook()
        self.failure = ""

    def run(self):
        """True unless a cell failed or the kernel did; `failure` says why."""
        try:
            asyncio.run(self._execute())
        except _Ended:
            pass
        except _Failed:
            return False
        except Exception as error:  # What a kernel that does not start raises is no closed list, and the page must say it.
            self._tell("the notebook could not be executed:", traceback.format_exception(type(error), error, error.__traceback__))
            return False
        return True

    async def _execute(self):
        next_cell = 0
        while next_cell < len(self.cells):
            client = _make_client(self.notebook, self.folder)
            async with client.async_setup_kernel(cwd=self.folder, env=_kernel_environment(self.path)):
                await self._prepare(client)
                next_cell = await self._execute_from(client, next_cell)

    async def _prepare(self, client):
        folders = [self.packages, self.folder, os.environ.get("SHEAF_FILES") or self.folder]
        reply = await client.kc.execute_interactive(
            f"from sheaf_runtime.notebook_kernel import prepare as _prepare\n_prepare({self.values!r}, {folders!r})\ndel _prepare",
            store_history=False, allow_stdin=False, output_hook=_write_message, timeout=START_TIMEOUT_SECONDS)
        if reply["content"]["status"] != "ok":
            raise _Failed(self._tell("the kernel could not be prepared", reply["content"].get("traceback", [])))

    async def _execute_from(self, client, first):
        """Executes cells up to the end, or to one behind which a new kernel goes on; gives the next one."""
        is_fresh = True
        for index in range(first, len(self.cells)):
            cell = self.cells[index]
            if cell.kind == "markdown":
                self._show_markdown(cell.source)
            elif cell.kind == "run":
                self._show_markdown(f"`{cell.source.strip()}`")
            elif cell.kind == "pip":
                self._show_markdown("```\n" + cell.source.strip() + "\n```")
                self._install(cell)
                if not is_fresh or cell.rest.strip():
                    return self._behind_pip(index, cell)
            else:
                is_fresh = False
                try:
                    await self._execute_cell(client, cell)
                except _Restart:
                    return index + 1
        return len(self.cells)

    def _behind_pip(self, index, cell):
        """What stands behind %pip in its own cell becomes a cell, which the new kernel runs."""
        if not cell.rest.strip():
            return index + 1
        rest = type(cell)("code", cell.rest, cell.rest, place=cell.place)
        self.cells[index] = rest
        return index

    def _show_markdown(self, text):
        import nbformat

        self.notebook.cells.append(nbformat.v4.new_markdown_cell(text))

    async def _execute_cell(self, client, cell):
        import nbformat
        from nbclient.exceptions import CellExecutionError, DeadKernelError

        shown = nbformat.v4.new_code_cell(cell.code)
        if cell.title:
            self._show_markdown(f"#### {cell.title}")
        self.notebook.cells.append(shown)
        try:
            await client.async_execute_cell(shown, len(self.notebook.cells) - 1)
        except CellExecutionError as error:
            self._end_cell(cell, shown, error)
        except DeadKernelError:
            raise _Failed(self._tell(f"{cell.place} failed", ["the Python process of the notebook died"])) from None
        finally:
            shown.source = cell.source

    def _end_cell(self, cell, shown, error):
        if error.ename in ("NotebookExit", "PythonRestart"):
            shown.outputs = [output for output in shown.outputs if output.output_type != "error"]
            raise _Ended() if error.ename == "NotebookExit" else _Restart()
        title = f" ({cell.title})" if cell.title else ""
        traces = [line for output in shown.outputs if output.output_type == "error" for line in output.traceback]
        lines = [_COLOURS.sub("", line) for line in traces]
        last = f"{error.ename}: {error.evalue}"
        if not "\n".join(lines).rstrip().endswith(last):
            lines.append(last)
        raise _Failed(self._tell(f"{cell.place}{title} failed:", lines))

    def _tell(self, head, lines):
        """The last line is what get-output calls the error."""
        text = "\n".join([head, *(line.rstrip("\n") for line in lines if line)])
        self.failure = text
        sys.stdout.flush()
        print(text, file=sys.stderr, flush=True)
        return text

    def _install(self, cell):
        for command in cell.code.split("\n"):
            try:
                words = shlex.split(command)
            except ValueError as error:
                raise _Failed(self._tell(f"{cell.place} failed:", [f"ValueError: %pip {command}: {error}"])) from None
            if not words or words[0] != "install":
                raise _Failed(self._tell(f"{cell.place} failed:", [f"NotImplementedError: %pip {command}: only %pip install works"]))
            status = self._uv(words[1:])
            if status != 0:
                raise _Failed(self._tell(f"{cell.place} failed:", [f"RuntimeError: %pip {command} ended with status {status}"]))

    def _uv(self, arguments):
        uv = os.environ.get("SHEAF_UV") or shutil.which("uv")
        if uv is None:
            print("uv is not on this worker's PATH", file=sys.stderr)
            return 127
        wanted = [word for word in arguments if word not in ("-q", "--quiet", "-U", "--force-reinstall")]
        upgrade = ["--upgrade"] if "-U" in arguments or "--upgrade" in arguments else []
        sys.stdout.flush()
        return subprocess.call(
            [uv, "pip", "install", "--quiet", "--python", sys.executable, "--target", self.packages,
             *upgrade, *(word for word in wanted if word != "--upgrade")],
            cwd=self.folder, stdin=subprocess.DEVNULL)


def _temporary_folder():
    return os.environ.get("TMPDIR") or "/tmp"


def _socket_folder():
    folder = _temporary_folder()
    if len(folder.encode()) <= MAX_SOCKET_FOLDER_BYTES:
        return folder
    made = tempfile.mkdtemp(prefix="sheaf-", dir="/tmp")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def _kernel_environment(path):
    temporary = _temporary_folder()
    environment = dict(os.environ)
    environment.update({
        "SHEAF_NOTEBOOK": path,
        "SHEAF_NOTEBOOK_RESULT": result_path(),
        "IPYTHONDIR": os.path.join(temporary, "ipython"),
    })
    return environment


def result_path():
    given = os.environ.get("SHEAF_NOTEBOOK_RESULT")
    return given or os.path.join(_temporary_folder(), f"result-{os.getpid()}")


def _make_client(notebook, folder):
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpec
    from nbclient import NotebookClient

    class Client(NotebookClient):
        """Shows outputs while they come."""

        def output(self, outs, msg, display_id, cell_index):
            _write_message(msg)
            return super().output(outs, msg, display_id, cell_index)

        def _cleanup_kernel(self):
            """At exit nothing is left to end; nbclient's own would fail then, behind the error that ends the log."""

    # Sockets in a folder that only this user enters: whoever shares the machine hears nothing.
    manager = AsyncKernelManager(transport="ipc", ip=os.path.join(_socket_folder(), "kernel"))
    manager._kernel_spec = KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}",
              "--HistoryManager.enabled=False", "--IPKernelApp.capture_fd_output=False",
              "--InteractiveShell.colors=nocolor"],
        display_name="Python", language="python")
    client = Client(notebook, km=manager, timeout=None, startup_timeout=START_TIMEOUT_SECONDS,
                    resources={"metadata": {"path": folder}}, store_widget_state=False, record_timing=False)
    client.owns_km = True
    return client


def _write_message(message):
    content, kind = message.get("content", {}), message.get("msg_type")
    if kind == "stream":
        stream = sys.stderr if content.get("name") == "stderr" else sys.stdout
        stream.write(content.get("text", ""))
        stream.flush()
    elif kind in ("execute_result", "display_data"):
        text = content.get("data", {}).get("text/plain")
        if text:
            print(text, flush=True)


def _read_result():
    try:
        with open(result_path(), encoding="utf-8") as file:
            return file.read(MAX_RESULT_CHARACTERS + 1)
    except FileNotFoundError:
        return None


def _hand_over(run):
    from sheaf_runtime.scheduler_api import SchedulerError, put_notebook
    from sheaf_runtime.task_context import current_context

    context = current_context()
    if context is None or os.environ.get("SHEAF_NOTEBOOK_IS_NESTED"):
        return
    result = _read_result()
    document = {"html": to_html(run.notebook, os.path.basename(run.path), run.failure), "name": os.path.basename(run.path)}
    if result is not None:
        document["result"] = result[:MAX_RESULT_CHARACTERS]
        document["truncated"] = len(result) > MAX_RESULT_CHARACTERS
    try:
        put_notebook(context, document)
    except SchedulerError as error:
        print(f"the executed notebook could not be kept: {error}", file=sys.stderr)


def main(arguments):
    path, *pairs = arguments
    os.environ.setdefault("JUPYTER_RUNTIME_DIR", os.path.join(_temporary_folder(), "jupyter"))
    os.environ.setdefault("JUPYTER_PLATFORM_DIRS", "1")
    try:
        file = find_notebook(path)
        cells = read_cells(file)
    except (NotebookError, UnicodeDecodeError) as error:
        sys.exit(f"NotebookError: {error}")
    run = NotebookRun(file, cells, dict(zip(pairs[::2], pairs[1::2])))
    try:
        is_success = run.run()
    finally:
        _hand_over(run)
    sys.exit(0 if is_success else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
