/**
 * Names for runs that were given none.
 *
 * @module
 */

const QUALITIES: readonly string[] = [
  ..."able,agile,amber,bold,brave,bright,calm,clear,crisp,deft,eager,early,fair,fleet,fond".split(
    ",",
  ),
  ..."gentle,grand,handy,honest,jolly,keen,kind,lively,lucid,merry,mild,neat,nimble,noble".split(
    ",",
  ),
  ..."patient,plain,polite,proud,quick,quiet,rare,ready,robust,serene,sharp,silent,sleek".split(
    ",",
  ),
  ..."smart,smooth,snug,solid,spry,steady,sunny,swift,tidy,trusty,upbeat,vivid,warm,wise".split(
    ",",
  ),
];

const ANIMALS: readonly string[] = [
  ..."auk,badger,bear,bee,bison,boar,carp,cat,colt,crab,crane,crow,deer,dove,duck,eel".split(","),
  ..."elk,ewe,finch,fox,frog,gnu,goat,goose,grouse,gull,hare,hawk,hen,heron,horse,ibis".split(","),
  ..."jay,koi,lark,lion,loon,lynx,mole,moose,moth,mouse,newt,orca,otter,owl,panda,perch".split(","),
  ..."pug,quail,ram,raven,robin,seal,shad,shrew,sloth,snail,stork,swan,tern,toad,trout".split(","),
  ..."whale,wolf,wren,yak,zebra".split(","),
];

/**
 * Makes a name of the kind that MLflow makes: a quality, an animal, a number.
 *
 * @param random Gives numbers from 0 up to, not including, 1.
 * @returns Such as `keen-wren-349`; at most 20 characters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(makeRunName(() => 0), "able-auk-0");
 * ```
 */
export function makeRunName(random: () => number): string {
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)] ?? "";
  return `${pick(QUALITIES)}-${pick(ANIMALS)}-${Math.floor(random() * 1000)}`;
}
