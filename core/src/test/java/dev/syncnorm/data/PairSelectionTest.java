package dev.syncnorm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.syncnorm.data.DataIndex.Image;
import dev.syncnorm.image.Rejection;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PairSelectionTest {

  @Test
  void aPairGoesOrStaysTogether() {
    DataIndex index =
        select(
            good("in/b", 4, 3), good("out/b", 4, 3), bad("in/a", "truncated"), good("out/a", 4, 3));

    assertThat(index.pairs())
        .extracting(p -> p.input().path(), p -> p.target().path())
        .containsExactly(tuple("in/b", "out/b"));
    assertThat(index.rejected())
        .containsExactly(
            new Rejection("in/a", "truncated", "why"),
            new Rejection("out/a", "bad-partner", "its input in/a was rejected"));
  }

  @Test
  void twoBadImagesOfAPairKeepTheirOwnCauses() {
    DataIndex index = select(bad("in/a", "empty"), bad("out/a", "corrupt"));

    assertThat(index.pairs()).isEmpty();
    assertThat(index.rejected())
        .extracting(Rejection::cause)
        .containsExactlyInAnyOrder("empty", "corrupt");
  }

  @Test
  void twoSizesRejectBothImages() {
    DataIndex index = select(good("in/a", 4, 3), good("out/a", 3, 4));

    assertThat(index.pairs()).isEmpty();
    assertThat(index.rejected())
        .containsExactly(
            new Rejection(
                "in/a", "two-sizes", "4x3 but its target out/a is 3x4; a pair must have one size"),
            new Rejection(
                "out/a", "two-sizes", "3x4 but its input in/a is 4x3; a pair must have one size"));
  }

  @Test
  void anImageThatIsItsOwnTargetIsListedOnce() {
    Scanned.Bad image = new Scanned.Bad(new Rejection("a", "empty", "why"));

    DataIndex index = PairSelection.of(List.of(new PairPaths("a", "a")), Map.of("a", image));

    assertThat(index.rejected()).containsExactly(image.rejection());
  }

  @Test
  void theIndexListsRejectionsByPathAndCountsThemByCause() throws IOException {
    DataIndex index =
        select(
            bad("in/c", "truncated"),
            bad("out/c", "truncated"),
            good("in/B", 1, 1),
            bad("out/B", "empty"));

    assertThat(index.rejectedByCause())
        .containsExactly(
            Map.entry("bad-partner", 1L), Map.entry("empty", 1L), Map.entry("truncated", 2L));
    JsonNode rejected = new ObjectMapper().readTree(index.toJson()).get("rejected");
    assertThat(rejected)
        .extracting(r -> r.get("path").textValue())
        .containsExactly("in/B", "in/c", "out/B", "out/c");
    assertThat(rejected.get(1).toString())
        .isEqualTo("{\"path\":\"in/c\",\"cause\":\"truncated\",\"message\":\"why\"}");
  }

  @Test
  void theDigestIsThatOfTheAcceptedImagesAlone() {
    Scanned a = good("in/a", 4, 3);
    Scanned b = good("out/a", 4, 3);

    assertThat(select(a, b, bad("in/b", "empty"), bad("out/b", "empty")).digest())
        .isEqualTo(select(a, b).digest());
  }

  /** Inputs and targets in turn. */
  private static DataIndex select(Scanned... images) {
    List<PairPaths> pairs =
        Stream.iterate(0, i -> i < images.length, i -> i + 2)
            .map(i -> new PairPaths(images[i].path(), images[i + 1].path()))
            .toList();
    return PairSelection.of(
        pairs, Stream.of(images).collect(Collectors.toMap(Scanned::path, Function.identity())));
  }

  private static Scanned good(String path, int width, int height) {
    return new Scanned.Good(new Image(path, 0, 1, "digest of " + path, width, height));
  }

  private static Scanned bad(String path, String cause) {
    return new Scanned.Bad(new Rejection(path, cause, "why"));
  }
}
