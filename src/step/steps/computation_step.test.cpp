#include <array>
#include <numeric>
#include <stdexcept>

#include <gtest/gtest.h>

#include "step/chain.rig.hpp"

namespace wallaroo::internal {
namespace {

using testing_support::run_stage;
using testing_support::RunOptions;
using testing_support::StageRun;

std::vector<int> numbers(int from, int to) {
  std::vector<int> result(static_cast<std::size_t>(to - from));
  std::iota(result.begin(), result.end(), from);
  return result;
}

// Expects what must hold for every run that did not stop, whatever the function does.
template <class Out>
void expect_counts(const StageRun<Out>& run, std::size_t in, std::size_t errors = 0) {
  EXPECT_EQ(run.stopped, "");
  EXPECT_EQ(run.in, in);
  EXPECT_EQ(run.errors, errors);
  EXPECT_EQ(run.out, run.outputs.size());
  EXPECT_EQ(run.sink_in, run.outputs.size());
  EXPECT_EQ(run.sink_out, run.outputs.size());
}

// The parameter is the size of batches, below and above that at which each has a timed record.
class Computation : public testing::TestWithParam<std::size_t> {
 protected:
  RunOptions options(OnError on_error = OnError::stop) const {
    return {.on_error = on_error, .batch_records = GetParam()};
  }
};
INSTANTIATE_TEST_SUITE_P(BatchSizes, Computation, testing::Values(1, 7, 1000));

int twice(int number) { return 2 * number; }
int twice_noexcept(const int& number) noexcept { return 2 * number; }

TEST_P(Computation, ReturnsOneOutput) {
  const auto expected = std::vector<int>{0, 2, 4, 6};
  for (const auto& run : {run_stage(numbers(0, 4), twice, options()),
                          run_stage(numbers(0, 4), twice_noexcept, options()),
                          run_stage(
                              numbers(0, 4), [](const int& n) { return 2 * n; }, options()),
                          run_stage(
                              numbers(0, 4), [](auto n) { return 2 * n; }, options()),
                          run_stage(numbers(0, 4), std::function<int(int)>(twice), options())}) {
    EXPECT_EQ(run.outputs, expected);
    expect_counts(run, 4);
  }
}

TEST_P(Computation, FiltersByAnEmptyOptional) {
  const auto run = run_stage(
      numbers(0, 2000), [](int n) { return n % 3 == 0 ? std::optional<int>(n) : std::nullopt; },
      options());
  EXPECT_EQ(run.outputs.size(), 667U);
  expect_counts(run, 2000);
}

TEST_P(Computation, ReturnsManyInAVector) {
  const auto run = run_stage(
      numbers(0, 100), [](int n) { return std::vector<int>(static_cast<std::size_t>(n), n); },
      options());
  EXPECT_EQ(run.outputs.size(), 4950U);
  EXPECT_TRUE(std::is_sorted(run.outputs.begin(), run.outputs.end()));
  expect_counts(run, 100);
}

TEST_P(Computation, ReturnsTruthValuesAloneAndInAVector) {
  const auto one = run_stage(
      numbers(0, 3), [](int n) { return n == 1; }, options());
  EXPECT_EQ(one.outputs, (std::vector<bool>{false, true, false}));
  const auto many = run_stage(
      numbers(0, 3),
      [](int n) {
        return std::vector<bool>{n == 1, true};
      },
      options());
  EXPECT_EQ(many.outputs, (std::vector<bool>{false, true, true, true, false, true}));
  expect_counts(many, 3);
}

TEST_P(Computation, EmitsMoreThanItsEmitterHolds) {
  const auto run = run_stage(
      numbers(0, 5),
      [](int n, Emitter<int>& emit) {
        for (int i = 0; i < 300 * n; ++i) {
          emit(1000 * n + i);
        }
      },
      options());
  EXPECT_EQ(run.outputs.size(), 3000U);
  EXPECT_TRUE(std::is_sorted(run.outputs.begin(), run.outputs.end()));
  expect_counts(run, 5);
}

TEST_P(Computation, EmitsExactlyWhatItsEmitterHolds) {
  const auto run = run_stage(
      numbers(0, 3),
      [](int n, Emitter<int>& emit) {
        for (int i = 0; i < 256; ++i) {
          emit.emit(n);
        }
      },
      options());
  EXPECT_EQ(run.outputs.size(), 768U);
  expect_counts(run, 3);
}

TEST_P(Computation, KeepsStateAndEmits) {
  const auto run = run_stage(
      numbers(1, 6),
      [](int n, int& sum, Emitter<int>& emit) {
        sum += n;
        emit(n);
        emit(sum);
      },
      options());
  EXPECT_EQ(run.outputs, (std::vector<int>{1, 1, 2, 3, 3, 6, 4, 10, 5, 15}));
  expect_counts(run, 5);
}

TEST_P(Computation, ReturnsAReferenceToItsState) {
  const auto run = run_stage(
      std::vector<std::string>{"a", "b", "c"},
      [](const std::string& text, std::string& all) -> const std::string& { return all += text; },
      options());
  EXPECT_EQ(run.outputs, (std::vector<std::string>{"a", "ab", "abc"}));
  expect_counts(run, 3);
}

TEST_P(Computation, ReturnsAReferenceToAContainerInItsStateWhichStaysWhole) {
  const auto run = run_stage(
      std::vector<std::string>{"a string too long to be held inside", "b"},
      [](const std::string& text, std::vector<std::string>& all) -> std::vector<std::string>& {
        all.push_back(text);
        return all;
      },
      options());
  EXPECT_EQ(run.outputs, (std::vector<std::string>{"a string too long to be held inside",
                                                   "a string too long to be held inside", "b"}));
}

TEST_P(Computation, ReturnsAnOptionalInItsStateWhichStaysWhole) {
  const auto run = run_stage(
      std::vector<std::string>{"a string too long to be held inside", "", ""},
      [](const std::string& text, std::optional<std::string>& last) -> std::optional<std::string>& {
        if (!text.empty()) {
          last = text;
        }
        return last;
      },
      options());
  EXPECT_EQ(run.outputs, std::vector<std::string>(3, "a string too long to be held inside"));
}

struct Person {
  std::string name;
  int age = 0;
  std::string shout() const { return name + "!"; }
};

TEST_P(Computation, MayBeAPointerToAMember) {
  const std::vector<Person> people{{"Ada", 36}, {"Alan", 41}};
  EXPECT_EQ(run_stage(people, &Person::age, options()).outputs, (std::vector<int>{36, 41}));
  const auto run = run_stage(people, &Person::shout, options());
  EXPECT_EQ(run.outputs, (std::vector<std::string>{"Ada!", "Alan!"}));
  expect_counts(run, 2);
}

TEST_P(Computation, TakesTheRecordByValueOrByRvalueReference) {
  const std::vector<std::string> texts{"a string too long to be held inside", "b"};
  EXPECT_EQ(run_stage(
                texts, [](std::string text) { return text; }, options())
                .outputs,
            texts);
  EXPECT_EQ(run_stage(
                texts, [](std::string&& text) { return std::move(text); }, options())
                .outputs,
            texts);
}

TEST_P(Computation, MayHoldStateOfItsOwnPerCopy) {
  const auto run = run_stage(
      numbers(0, 3), [calls = 0](int) mutable { return ++calls; }, options());
  EXPECT_EQ(run.outputs, (std::vector<int>{1, 2, 3}));
}

TEST_P(Computation, RecordsWithCArraysAndBasesAreFine) {
  struct Tick {
    char symbol[4];
    double price;
  };
  struct Named : Person {
    int id;
  };
  EXPECT_EQ(
      run_stage(
          std::vector<Tick>{{{'A'}, 1.5}}, [](const Tick& tick) { return tick.price; }, options())
          .outputs,
      std::vector<double>{1.5});
  EXPECT_EQ(run_stage(
                std::vector<Named>{{{"Ada", 36}, 7}}, [](const Named& named) { return named.id; },
                options())
                .outputs,
            std::vector<int>{7});
}

// Functions of every form, which all fail on 13.
int plain(int n) { return n == 13 ? throw std::runtime_error("unlucky") : n; }
std::optional<int> optional(int n) { return plain(n); }
std::vector<int> vector(int n) { return {plain(n), n}; }
void emitter(int n, Emitter<int>& emit) {
  emit(n);
  emit(plain(n));
}
int with_state(int n, int& calls) {
  ++calls;
  return plain(n);
}

TEST_P(Computation, SkipsTheRecordsItFailsOnWithAllTheirOutputs) {
  const auto check = [&](auto function, std::size_t outputs) {
    const auto run = run_stage(numbers(0, 2000), function, options(OnError::skip));
    EXPECT_EQ(run.outputs.size(), 1999 * outputs);
    EXPECT_EQ(std::count(run.outputs.begin(), run.outputs.end(), 13), 0);
    expect_counts(run, 2000, 1);
    ASSERT_EQ(run.log.size(), 1U);
    EXPECT_EQ(run.log.front(),
              "stage 'stage' failed on record 13: unlucky; record skipped (1 so far on this "
              "executor)");
  };
  check(plain, 1);
  check(optional, 1);
  check(vector, 2);
  check(emitter, 2);
  check(with_state, 1);
}

TEST_P(Computation, SendsTheRecordsItFailsOnToTheDeadLetters) {
  const auto run = run_stage(numbers(0, 2000), emitter, options(OnError::dead_letter));
  expect_counts(run, 2000, 1);
  ASSERT_EQ(run.dead_letters.size(), 1U);
  EXPECT_EQ(run.dead_letters.front().stage, "stage");
  EXPECT_EQ(run.dead_letters.front().error, "unlucky");
  EXPECT_EQ(run.dead_letters.front().record, "13");
  EXPECT_EQ(run.dead_letters.front().origin, "");
  EXPECT_EQ(run.log, std::vector<std::string>{
                         "stage 'stage' failed on record 13: unlucky; record sent to the dead "
                         "letters (1 so far on this executor)"});
}

TEST_P(Computation, StopsAtTheFirstRecordItFailsOn) {
  const auto check = [&](auto function) {
    const auto run = run_stage(numbers(10, 20), function, options());
    EXPECT_NE(run.stopped.find("stage 'stage' failed on record 13: unlucky"), std::string::npos)
        << run.stopped;
    EXPECT_EQ(run.outputs.back(), 12);
  };
  check(plain);
  check(optional);
  check(vector);
  check(emitter);
  check(with_state);
}

TEST_P(Computation, OutputsThatLeftAFullEmitterStayWhenItFailsLater) {
  const auto run = run_stage(
      numbers(0, 1),
      [](int, Emitter<int>& emit) {
        for (int i = 0; i < 600; ++i) {
          emit(i);
        }
        throw std::runtime_error("late");
      },
      options(OnError::skip));
  EXPECT_EQ(run.outputs, numbers(0, 512));
  expect_counts(run, 1, 1);
}

TEST_P(Computation, ThrowingSomethingThatIsNoExceptionIsAnErrorLikeAnyOther) {
  const auto run = run_stage(
      numbers(0, 1), [](int) -> int { throw 42; }, options(OnError::skip));
  expect_counts(run, 1, 1);
  EXPECT_NE(run.log.at(0).find("an exception that is not a std::exception"), std::string::npos);
}

TEST_P(Computation, AFailureOfALaterStageIsNotBlamedOnTheOneThatEmits) {
  RunOptions skip = options(OnError::skip);
  int calls = 0;
  const auto run = run_stage(
      numbers(0, 3),
      [&](int n, Emitter<int>& emit) {
        ++calls;
        for (int i = 0; i < 300; ++i) {
          emit(n);
        }
      },
      skip);
  EXPECT_EQ(calls, 3);
  expect_counts(run, 3);
}

}  // namespace
}  // namespace wallaroo::internal
