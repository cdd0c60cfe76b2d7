#include "bundles/python_scan.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "bundles/python_imports.h"
#include "bundles/python_lines.h"
#include "bundles/python_packages.h"
#include "bundles/sql_tables.h"

namespace sheaf::bundles {

namespace {

using Tokens = std::span<const PythonToken>;

// What a module stands for beside a package to install. The longest prefix counts.
// Nothing: Sheaf's runtime has it.
using ModuleUse = std::pair<std::string_view, std::optional<PythonUse>>;

constexpr auto kModuleUses = std::to_array<ModuleUse>({
    {"pyspark.dbutils", std::nullopt},
    {"databricks.sdk.runtime", std::nullopt},
    {"dbruntime", std::nullopt},
    {"sheaf_runtime", std::nullopt},
    {"pyspark", PythonUse::kSpark},
    {"delta", PythonUse::kSpark},
    {"databricks.connect", PythonUse::kSpark},
    {"databricks.koalas", PythonUse::kSpark},
    {"databricks.feature_engineering", PythonUse::kFeatureStore},
    {"databricks.feature_store", PythonUse::kFeatureStore},
    {"databricks.vector_search", PythonUse::kVectorSearch},
    {"databricks.sql", PythonUse::kWarehouse},
    {"databricks", PythonUse::kWorkspace},
    {"dlt", PythonUse::kPipelines},
    {"mlflow.deployments", PythonUse::kServing},
    {"mlflow.spark", PythonUse::kSpark},
});

bool is_below(std::string_view module, std::string_view parent) {
  return module.starts_with(parent) &&
         (module.size() == parent.size() || module[parent.size()] == '.');
}

const ModuleUse* find_module_use(std::string_view module) {
  const ModuleUse* best = nullptr;
  for (const ModuleUse& known : kModuleUses) {
    if (is_below(module, known.first) &&
        (best == nullptr || best->first.size() < known.first.size())) {
      best = &known;
    }
  }
  return best;
}

// `a.b.c` with what follows it.
struct Chain {
  std::vector<std::string_view> names;
  int line = 0;
  /// The literals that stand in its call, up to the first closing bracket.
  std::vector<std::string_view> literals;

  [[nodiscard]] bool has(std::string_view name) const {
    return std::ranges::find(names, name) != names.end();
  }
  [[nodiscard]] bool begins_with(std::initializer_list<std::string_view> start) const {
    return names.size() >= start.size() && std::equal(start.begin(), start.end(), names.begin());
  }
};

class Scanner {
 public:
  std::vector<PythonFinding> run(const std::vector<CodePiece>& pieces) {
    for (const CodePiece& piece : pieces) {
      cell_ = piece.cell;
      scan_piece(piece);
    }
    const auto key = [](const PythonFinding& finding) {
      return std::tie(finding.cell, finding.line, finding.use, finding.name);
    };
    std::ranges::sort(findings_, [&key](const PythonFinding& left, const PythonFinding& right) {
      return key(left) < key(right);
    });
    return std::move(findings_);
  }

 private:
  void scan_piece(const CodePiece& piece) {
    for (const MagicLine& magic : piece.magic_lines) {
      scan_magic(magic);
    }
    const std::vector<PythonLine> lines = python_lines(piece.python);
    for (const PythonImport& import : python_imports(lines)) {
      add_import(import.module, import.line);
    }
    for (const PythonLine& line : lines) {
      scan_texts(line.tokens);
      scan_chains(line.tokens);
    }
  }

  void add(PythonUse use, std::string name, int line) {
    if (known_.emplace(use, name).second) {
      findings_.push_back({.use = use, .name = std::move(name), .cell = cell_, .line = line});
    }
  }

  void scan_magic(const MagicLine& magic) {
    if (magic.word == "run") {
      add(PythonUse::kNotebook,
          magic.arguments.substr(0, magic.arguments.find_first_of(" \t")),
          magic.line);
    } else if (magic.word == "pip") {
      scan_pip(magic.arguments, magic.line);
    } else if (magic.word == "!" && magic.arguments.starts_with("pip ")) {
      scan_pip(magic.arguments.substr(4), magic.line);
    } else if (magic.word == "sql" || magic.word == "scala" || magic.word == "r") {
      add(PythonUse::kOtherLanguage, magic.word, magic.line);
    } else if (magic.word == "fs") {
      add(PythonUse::kFileStore, "", magic.line);
    }
  }

  // `install [-q] a "b>=2" -r requirements.txt`
  void scan_pip(std::string_view arguments, int line) {
    bool is_file = false;
    bool is_install = false;
    for (std::size_t at = 0; at < arguments.size();) {
      const std::size_t end = std::min(arguments.find_first_of(" \t", at), arguments.size());
      std::string word(arguments.substr(at, end - at));
      std::erase_if(word, [](char letter) { return letter == '"' || letter == '\''; });
      at = end + 1;
      if (!is_install) {
        is_install = word == "install";
      } else if (is_file) {
        add(PythonUse::kRequirementsFile, word, line);
        is_file = false;
      } else if (const std::string name = requirement_name(word); !name.empty()) {
        add(PythonUse::kRequirement, name, line);
      } else {
        is_file = word == "-r" || word == "--requirement";
      }
    }
  }

  void add_import(const std::string& module, int line) {
    const ModuleUse* known = find_module_use(module);
    if (known == nullptr) {
      add(PythonUse::kImport, module, line);
    } else if (known->second) {
      add(*known->second, std::string(known->first), line);
    }
    if (known != nullptr && module.starts_with("mlflow")) {
      add(PythonUse::kImport, "mlflow", line);
    }
  }

  void scan_texts(Tokens tokens) {
    for (const PythonToken& token : tokens) {
      if (token.kind == TokenKind::kString) {
        scan_text(token);
      }
    }
  }

  void scan_text(const PythonToken& token) {
    for (const std::string_view start : {"/Volumes/", "dbfs:/", "/dbfs/"}) {
      const std::size_t at = token.text.find(start);
      if (at != std::string::npos) {
        const std::size_t end = token.text.find_first_of(" \t\n\"'`,;)", at);
        add(PythonUse::kVolume, token.text.substr(at, end - at), token.line);
        break;
      }
    }
    if (token.text.find("/serving-endpoints/") != std::string::npos) {
      add(PythonUse::kServing, "", token.line);
    }
    if (token.text == "databricks-uc") {
      add(PythonUse::kModelRegistry, "databricks-uc", token.line);
    }
  }

  void scan_chains(Tokens tokens) {
    const bool is_about_spark = std::ranges::any_of(
        tokens, [](const PythonToken& token) { return token.is(TokenKind::kName, "spark"); });
    for (std::size_t at = 0; at < tokens.size();) {
      if (tokens[at].kind != TokenKind::kName) {
        ++at;
        continue;
      }
      const Chain chain = read_chain(tokens, at);
      scan_spark(chain, is_about_spark);
      scan_platform(chain);
    }
  }

  // Up to the first closing bracket.
  static std::vector<std::string_view> literals_in(Tokens call) {
    std::vector<std::string_view> literals;
    for (const PythonToken& token : call) {
      if (token.is(TokenKind::kOperator, ")")) {
        break;
      }
      if (token.kind == TokenKind::kString) {
        literals.emplace_back(token.text);
      }
    }
    return literals;
  }

  // Moves `at` behind the names.
  static Chain read_chain(Tokens tokens, std::size_t& at) {
    Chain chain;
    chain.line = tokens[at].line;
    chain.names.emplace_back(tokens[at++].text);
    while (at + 1 < tokens.size() && tokens[at].is(TokenKind::kOperator, ".") &&
           tokens[at + 1].kind == TokenKind::kName) {
      chain.names.emplace_back(tokens[at + 1].text);
      at += 2;
    }
    if (at < tokens.size() && tokens[at].is(TokenKind::kOperator, "(")) {
      chain.literals = literals_in(tokens.subspan(at));
    }
    return chain;
  }

  void scan_spark(const Chain& chain, bool is_about_spark) {
    const auto spark = std::ranges::find(chain.names, "spark");
    const bool is_spark = spark != chain.names.end() && spark + 1 != chain.names.end();
    if (is_spark || chain.has("SparkSession") || chain.has("SparkContext")) {
      add(PythonUse::kSpark, "", chain.line);
    }
    const std::string_view last = chain.names.back();
    const bool is_table = last == "saveAsTable" || last == "insertInto" || last == "toTable" ||
                          last == "writeTo" ||
                          (is_about_spark && (last == "table" || last == "forName"));
    if (is_table) {
      add(PythonUse::kTable,
          chain.literals.empty() ? std::string() : std::string(chain.literals.front()),
          chain.line);
    }
    if (is_spark && last == "sql") {
      scan_sql(chain);
    }
  }

  void scan_sql(const Chain& chain) {
    std::string sql;
    for (const std::string_view literal : chain.literals) {
      sql += literal;
    }
    const std::vector<std::string> tables = tables_of_sql(sql);
    for (const std::string& table : tables) {
      add(PythonUse::kTable, table, chain.line);
    }
    if (sql.empty()) {
      add(PythonUse::kTable, "", chain.line);
    }
  }

  void scan_platform(const Chain& chain) {
    if (chain.begins_with({"dbutils", "secrets"})) {
      const bool is_named = chain.literals.size() == 2;
      add(PythonUse::kSecret,
          is_named ? std::string(chain.literals[0]) + "/" + std::string(chain.literals[1]) : "",
          chain.line);
    } else if (chain.begins_with({"dbutils", "fs"})) {
      add(PythonUse::kFileStore, "", chain.line);
    } else if (chain.begins_with({"dbutils", "notebook", "run"}) && !chain.literals.empty()) {
      add(PythonUse::kNotebook, std::string(chain.literals.front()), chain.line);
    } else if (chain.begins_with({"mlflow", "deployments"})) {
      add(PythonUse::kServing, "mlflow.deployments", chain.line);
    } else if (chain.names.back() == "set_tracking_uri" && !chain.literals.empty() &&
               chain.literals.front().starts_with("databricks")) {
      add(PythonUse::kModelRegistry, std::string(chain.literals.front()), chain.line);
    }
  }

  int cell_ = 0;
  std::vector<PythonFinding> findings_;
  std::set<std::pair<PythonUse, std::string>> known_;
};

}  // namespace

Result<std::vector<PythonFinding>> scan_python(std::string_view text, CodeFormat format) {
  const auto pieces = code_pieces(text, format);
  if (!pieces) {
    return fail(pieces.error());
  }
  return Scanner().run(*pieces);
}

}  // namespace sheaf::bundles
