"""What runs inside the kernel of a notebook: its names and %sh.

The launcher (``notebook_task``) calls ``prepare`` before the first cell and after each restart.
"""

import subprocess
import sys

from sheaf_runtime.notebook_utilities import NotebookExit, PythonRestart, Widgets, add_widget_values
from sheaf_runtime.task_namespace import namespace


def prepare(values, folders):
    """Sets up the kernel: names, import path, and ends that are no errors."""
    from IPython import get_ipython

    add_widget_values(values)
    for folder in reversed(folders):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    shell = get_ipython()
    names = namespace()
    names["display"] = _display
    names["displayHTML"] = _display_html
    names["getArgument"] = Widgets().getArgument
    shell.user_ns.update(names)
    shell.set_custom_exc((NotebookExit, PythonRestart), lambda self, kind, value, traceback, tb_offset=None: None)


def _display(*values, **options):
    from IPython.display import display

    display(*values, **{name: value for name, value in options.items() if name in ("display_id", "raw")})


def _display_html(html):
    from IPython.display import HTML, display

    display(HTML(html))


def run_shell(script, is_strict):
    """Runs a %sh cell with bash in the notebook's folder and shows what it writes."""
    command = ["bash", *(["-e"] if is_strict else []), "-c", script]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for line in process.stdout:
        sys.stdout.write(line.decode("utf-8", "replace"))
    status = process.wait()
    if status != 0 and is_strict:
        raise RuntimeError(f"the shell ended with status {status}")
    if status != 0:
        print(f"the shell ended with status {status}", file=sys.stderr)
