#include "bundles/python_packages.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace sheaf::bundles {

namespace {

// `sys.stdlib_module_names` of the versions that tasks may ask for, without private ones.
constexpr std::string_view kStandardLibrary =
    " "
    "__future__ _thread abc aifc antigravity argparse array ast asynchat asyncio asyncore "
    "atexit audioop base64 bdb binascii binhex bisect builtins bz2 cProfile calendar cgi "
    "cgitb chunk cmath cmd code codecs codeop collections colorsys compileall concurrent "
    "configparser contextlib contextvars copy copyreg crypt csv ctypes curses dataclasses "
    "datetime dbm decimal difflib dis distutils doctest email encodings ensurepip enum "
    "errno faulthandler fcntl filecmp fileinput fnmatch formatter fractions ftplib "
    "functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq "
    "hmac html http idlelib imaplib imghdr imp importlib inspect io ipaddress itertools "
    "json keyword lib2to3 linecache locale logging lzma mailbox mailcap marshal math "
    "mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt ntpath "
    "nturl2path numbers opcode operator optparse os ossaudiodev parser pathlib pdb pickle "
    "pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint profile "
    "pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re "
    "readline reprlib resource rlcompleter runpy sched secrets select selectors shelve "
    "shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 "
    "sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct "
    "subprocess sunau symbol symtable sys sysconfig syslog tabnanny tarfile telnetlib "
    "tempfile termios textwrap this threading time timeit tkinter token tokenize tomllib "
    "trace traceback tracemalloc tty turtle turtledemo types typing unicodedata unittest "
    "urllib uu uuid venv warnings wave weakref webbrowser winreg winsound wsgiref xdrlib "
    "xml xmlrpc zipapp zipfile zipimport zlib zoneinfo ";

using Row = std::pair<std::string_view, std::string_view>;

// Module → packages that have it, the one to propose first. Others are called as their package.
constexpr auto kPackages = std::to_array<Row>({
    {"Crypto", "pycryptodome"},
    {"MySQLdb", "mysqlclient"},
    {"OpenSSL", "pyopenssl"},
    {"PIL", "pillow"},
    {"attr", "attrs"},
    {"azure.identity", "azure-identity"},
    {"azure.keyvault.secrets", "azure-keyvault-secrets"},
    {"azure.storage.blob", "azure-storage-blob"},
    {"bs4", "beautifulsoup4"},
    {"cv2", "opencv-python-headless opencv-python opencv-contrib-python"},
    {"dateutil", "python-dateutil"},
    {"discord", "discord-py"},
    {"docx", "python-docx"},
    {"dotenv", "python-dotenv"},
    {"faiss", "faiss-cpu"},
    {"fbprophet", "prophet"},
    {"fitz", "pymupdf"},
    {"git", "gitpython"},
    {"google.cloud.bigquery", "google-cloud-bigquery"},
    {"google.cloud.storage", "google-cloud-storage"},
    {"google.protobuf", "protobuf"},
    {"imblearn", "imbalanced-learn"},
    {"jwt", "pyjwt"},
    {"kafka", "kafka-python"},
    {"langchain_core", "langchain-core langchain"},
    {"magic", "python-magic"},
    {"mlflow", "mlflow mlflow-skinny"},
    {"mpl_toolkits", "matplotlib"},
    {"nacl", "pynacl"},
    {"osgeo", "gdal"},
    {"pkg_resources", "setuptools"},
    {"pptx", "python-pptx"},
    {"psycopg2", "psycopg2-binary psycopg2"},
    {"pylab", "matplotlib"},
    {"pythonjsonlogger", "python-json-logger"},
    {"ruamel.yaml", "ruamel-yaml"},
    {"serial", "pyserial"},
    {"skimage", "scikit-image"},
    {"sklearn", "scikit-learn"},
    {"slugify", "python-slugify"},
    {"snowflake.connector", "snowflake-connector-python"},
    {"telegram", "python-telegram-bot"},
    {"tensorflow", "tensorflow tensorflow-cpu"},
    {"umap", "umap-learn"},
    {"websocket", "websocket-client"},
    {"win32com", "pywin32"},
    {"yaml", "pyyaml"},
    {"zmq", "pyzmq"},
});

// Package → modules of others that come with it.
constexpr auto kBrought = std::to_array<Row>({
    {"beautifulsoup4", "soupsieve"},
    {"boto3", "botocore s3transfer"},
    {"catboost", "numpy pandas scipy matplotlib plotly six"},
    {"datasets", "numpy pandas pyarrow requests tqdm huggingface_hub fsspec"},
    {"evidently", "numpy pandas sklearn scipy plotly"},
    {"fastapi", "pydantic starlette"},
    {"flask", "jinja2 werkzeug click"},
    {"geopandas", "pandas numpy shapely pyproj"},
    {"great-expectations", "numpy pandas scipy requests"},
    {"hyperopt", "numpy scipy tqdm"},
    {"imbalanced-learn", "sklearn numpy scipy joblib"},
    {"ipykernel", "IPython traitlets jupyter_client zmq"},
    {"langchain", "langchain_core pydantic yaml requests sqlalchemy numpy"},
    {"lightgbm", "numpy scipy"},
    {"lightning", "torch numpy yaml tqdm torchmetrics pytorch_lightning"},
    {"matplotlib", "numpy PIL dateutil packaging"},
    {"mlflow",
     "numpy pandas sklearn scipy matplotlib yaml requests pyarrow sqlalchemy alembic flask docker "
     "cloudpickle packaging click git google.protobuf cachetools databricks"},
    {"mlflow-skinny",
     "yaml requests cloudpickle packaging click git google.protobuf cachetools databricks "
     "pydantic"},
    {"nbconvert", "jinja2 bs4 nbformat"},
    {"openai", "httpx pydantic"},
    {"openpyxl", "et_xmlfile"},
    {"optuna", "numpy sqlalchemy alembic yaml tqdm"},
    {"pandas", "numpy dateutil pytz tzdata six"},
    {"plotly", "packaging"},
    {"prophet", "numpy pandas matplotlib"},
    {"pytorch-lightning", "torch numpy yaml tqdm torchmetrics"},
    {"requests", "urllib3 certifi idna charset_normalizer"},
    {"scikit-image", "numpy scipy PIL"},
    {"scikit-learn", "numpy scipy joblib threadpoolctl"},
    {"seaborn", "numpy pandas matplotlib"},
    {"sentence-transformers", "transformers torch numpy sklearn scipy huggingface_hub tqdm PIL"},
    {"shap", "numpy pandas scipy sklearn tqdm"},
    {"statsmodels", "numpy pandas scipy patsy"},
    {"tensorflow", "numpy keras h5py google.protobuf"},
    {"torchvision", "torch numpy PIL"},
    {"transformers",
     "numpy yaml requests tqdm huggingface_hub tokenizers safetensors packaging regex"},
    {"xgboost", "numpy scipy"},
});

std::string_view first_word(std::string_view words) {
  return words.substr(0, words.find(' '));
}

template <typename Holds>
bool has_word(std::string_view words, Holds holds) {
  while (!words.empty()) {
    const std::string_view word = first_word(words);
    if (holds(word)) {
      return true;
    }
    words.remove_prefix(std::min(word.size() + 1, words.size()));
  }
  return false;
}

bool is_at_or_below(std::string_view module, std::string_view parent) {
  return module.starts_with(parent) &&
         (module.size() == parent.size() || module[parent.size()] == '.');
}

std::string normal_name(std::string_view name) {
  std::string text(name);
  std::ranges::transform(text, text.begin(), [](unsigned char letter) {
    return letter == '_' || letter == '.' ? '-' : static_cast<char>(std::tolower(letter));
  });
  return text;
}

const Row* find_packages(std::string_view module) {
  const auto* row = std::ranges::find_if(
      kPackages, [module](const Row& known) { return is_at_or_below(module, known.first); });
  return row == kPackages.end() ? nullptr : row;
}

std::string_view top_of(std::string_view module) {
  return module.substr(0, module.find('.'));
}

}  // namespace

bool is_in_standard_library(std::string_view module) {
  const std::string_view top = top_of(module);
  return top.starts_with('_') ||
         kStandardLibrary.find(" " + std::string(top) + " ") != std::string_view::npos;
}

std::string package_of(std::string_view module) {
  const Row* known = find_packages(module);
  return known == nullptr ? normal_name(top_of(module)) : std::string(first_word(known->second));
}

bool is_module_of(const std::set<std::string>& packages, std::string_view module) {
  const auto is_there = [&packages](std::string_view package) {
    return packages.contains(std::string(package));
  };
  const auto brings_it = [&](const Row& row) {
    return is_there(row.first) && has_word(row.second, [module](std::string_view brought) {
             return is_at_or_below(module, brought);
           });
  };
  const Row* known = find_packages(module);
  return is_there(normal_name(top_of(module))) ||
         (known != nullptr && has_word(known->second, is_there)) ||
         std::ranges::any_of(kBrought, brings_it);
}

std::string requirement_name(std::string_view line) {
  line = line.substr(0, line.find(" #"));
  while (!line.empty() && std::isspace(static_cast<unsigned char>(line.front())) != 0) {
    line.remove_prefix(1);
  }
  const bool is_wheel = line.ends_with(".whl");
  if (is_wheel) {
    line.remove_prefix(line.rfind('/') == std::string_view::npos ? 0 : line.rfind('/') + 1);
    line = line.substr(0, line.find('-'));
  }
  std::size_t end = 0;
  while (end < line.size() && (std::isalnum(static_cast<unsigned char>(line[end])) != 0 ||
                               std::string_view("-_.").find(line[end]) != std::string_view::npos)) {
    ++end;
  }
  if (end == 0 || std::isalnum(static_cast<unsigned char>(line.front())) == 0 ||
      (end < line.size() && (line[end] == '/' || line[end] == ':' || line[end] == '+'))) {
    return {};
  }
  return normal_name(line.substr(0, end));
}

}  // namespace sheaf::bundles
