#include "source/file/file_paths.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <wallaroo/types/error.hpp>

#include "source/file/file.rig.hpp"

namespace wallaroo::internal {
namespace {

using namespace testing_support;
using Paths = std::vector<std::string>;

TEST(PatternsOfPaths, AreReplacedByTheFilesThatMatchInTheOrderOfTheirNames) {
  const Folder folder;
  const std::string b = folder.file("b.log", "");
  const std::string a = folder.file("a.log", "");
  const std::string other = folder.file("other.txt", "");
  fs::create_directory(folder.path("folder.log"));
  EXPECT_EQ(expand_patterns({other, folder.path("*.log")}), (Paths{other, a, b}));
  EXPECT_EQ(expand_patterns({folder.path("[b].log"), folder.path("?.log")}), (Paths{b, a}));
}

TEST(PatternsOfPaths, AFileIsNotTakenTwiceWhateverItsNames) {
  const Folder folder;
  const std::string a = folder.file("a.log", "");
  fs::create_symlink(a, folder.path("current.log"));
  fs::create_hard_link(a, folder.path("hard.log"));
  EXPECT_EQ(expand_patterns({folder.path("*.log")}), Paths{a});
  EXPECT_EQ(expand_patterns({folder.path("*.log"), a}), Paths{a});
  EXPECT_EQ(expand_patterns({a, a}), (Paths{a, a}));
}

TEST(PatternsOfPaths, APathThatIsThereIsNoPatternAndOneThatIsMissingStays) {
  const Folder folder;
  const std::string odd = folder.file("a[1].log", "");
  folder.file("a1.log", "");
  EXPECT_EQ(expand_patterns({odd}), Paths{odd});
  EXPECT_EQ(expand_patterns({folder.path("missing")}), Paths{folder.path("missing")});
  EXPECT_EQ(expand_patterns({"-"}), Paths{"-"});
}

TEST(PatternsOfPaths, APatternThatMatchesNothingIsAnError) {
  const Folder folder;
  fs::create_directory(folder.path("folder"));
  EXPECT_THROW(expand_patterns({folder.path("*")}), ConfigError);
}

}  // namespace
}  // namespace wallaroo::internal
